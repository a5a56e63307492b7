import type { Words } from "./words.ts";
import { chat } from "./de/chat.ts";
import { people } from "./de/people.ts";
import { settings } from "./de/settings.ts";
import { shell } from "./de/shell.ts";
import { time } from "./de/time.ts";
import { work } from "./de/work.ts";

export const de: Words = { shell, chat, work, people, settings, time };
