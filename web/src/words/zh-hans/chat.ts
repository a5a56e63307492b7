import type { Words } from "../words.ts";

export const chat: Words["chat"] = {};
