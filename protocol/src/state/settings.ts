import type { LimitCode } from "../wire/errors.ts";
import type { Action } from "../wire/event.ts";
import type { Settings } from "../wire/settings.ts";
import type { ConversationState } from "./state.ts";

/** For each limit, the setting with its value and the counter of how often a person raised it. */
const limitSettings = {
  limit_steps: { setting: "max_steps", raised: "turn" },
  limit_time: { setting: "max_seconds", raised: "turn" },
  limit_cost: { setting: "max_cost_usd", raised: "cost" },
  limit_tokens: { setting: "max_tokens", raised: "tokens" },
} as const satisfies Record<LimitCode, { setting: keyof Settings; raised: keyof ConversationState["limitRaises"] }>;

export function raiseLimit(state: ConversationState): ConversationState {
  if (state.atLimit === null) return state;
  const { raised: which } = limitSettings[state.atLimit];
  return { ...state, limitRaises: { ...state.limitRaises, [which]: state.limitRaises[which] + 1 }, atLimit: null };
}

/** Setting a limit to a new value discards earlier raises. */
export function applySettings(state: ConversationState, given: Action<"initialize">["args"]): ConversationState {
  const { parent: _, ...args } = given;
  let { limitRaises: raised, atLimit } = state;
  for (const [code, by] of Object.entries(limitSettings)) {
    const value = args[by.setting];
    if (value === undefined || value === state.settings[by.setting]) continue;
    raised = { ...raised, [by.raised]: 0 };
    if (atLimit === code) atLimit = null;
  }
  return { ...state, settings: { ...state.settings, ...args }, limitRaises: raised, atLimit };
}
