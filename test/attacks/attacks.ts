import type { Attack } from "./attack.ts";
import { reaching } from "./reaching.ts";
import { reading } from "./reading.ts";
import { writing } from "./writing.ts";

export const attacks: readonly Attack[] = [...reading, ...writing, ...reaching];
