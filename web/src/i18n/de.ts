import type { Messages } from "./i18n.ts";
import { chat } from "./de/chat.ts";
import { people } from "./de/people.ts";
import { settings } from "./de/settings.ts";
import { shell } from "./de/shell.ts";
import { time } from "./de/time.ts";
import { work } from "./de/work.ts";

export const de: Messages = { shell, chat, work, people, settings, time };
