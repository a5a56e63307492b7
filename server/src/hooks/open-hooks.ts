/** The user's hooks, for every conversation. */
import type { Hook, HookEvent } from "@deckhand/protocol";
import type { HookContext, HookPoints } from "../agent/hook-points.ts";
import type { Programs } from "../programs/program.ts";
import { hooksOf } from "./hooks.ts";
import { hookRunner } from "./run-hook.ts";

export function openHooks(options: {
  readonly set: () => { readonly [E in HookEvent]?: readonly Hook[] | undefined };
  readonly programs: Programs;
  readonly home: string;
}): (place: HookContext) => HookPoints {
  const { set, programs, home } = options;
  return ({ conversation, workspace, runtime }) =>
    hooksOf({ conversation, workspace, set, run: hookRunner({ programs, home, runtime }) });
}
