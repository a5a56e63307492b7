import type { Messages } from "./i18n.ts";
import { chat } from "./zh-hans/chat.ts";
import { people } from "./zh-hans/people.ts";
import { settings } from "./zh-hans/settings.ts";
import { shell } from "./zh-hans/shell.ts";
import { time } from "./zh-hans/time.ts";
import { work } from "./zh-hans/work.ts";

export const zhHans: Messages = { shell, chat, work, people, settings, time };
