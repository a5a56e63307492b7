import type { Attack } from "./attack.ts";
import { reachAttacks } from "./reach-attacks.ts";
import { readAttacks } from "./read-attacks.ts";
import { writeAttacks } from "./write-attacks.ts";

export const attacks: readonly Attack[] = [...readAttacks, ...writeAttacks, ...reachAttacks];
