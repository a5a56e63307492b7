import type { Words } from "../words.ts";

export const time: Words["time"] = {};
