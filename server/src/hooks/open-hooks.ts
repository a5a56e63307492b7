/** Makes the hook points of each conversation from the user's hooks. */
import type { Hook, HookEvent } from "@deckhand/protocol";
import type { HookContext, HookPoints } from "../agent/hook-points.ts";
import type { Programs } from "../programs/program.ts";
import { hookPointsOf } from "./hooks.ts";
import { hookRunner } from "./run-hook.ts";

export function openHooks(options: {
  readonly configured: () => { readonly [E in HookEvent]?: readonly Hook[] | undefined };
  readonly programs: Programs;
  readonly home: string;
}): (context: HookContext) => HookPoints {
  const { configured, programs, home } = options;
  return ({ conversation, workspace, runtime }) =>
    hookPointsOf({ conversation, workspace, configured, run: hookRunner({ programs, home, runtime }) });
}
