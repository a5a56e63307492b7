import { chat } from "./en/chat.ts";
import { people } from "./en/people.ts";
import { settings } from "./en/settings.ts";
import { shell } from "./en/shell.ts";
import { time } from "./en/time.ts";
import { work } from "./en/work.ts";

export const en = { shell, chat, work, people, settings, time } as const;
