/**
 * Actions from clients, normalized: the arguments of `initialize` are accepted under all their historical names, and
 * the API key is taken out of them, because the rest is logged and the key must never be.
 */
import { DeckhandError } from "@deckhand/protocol";

export interface NormalizedSettings {
  /** Fields of `settingsSchema`, not validated yet. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly apiKey: string | undefined;
}

const olderNames: Readonly<Record<string, string>> = {
  LLM_MODEL: "model",
  LLM_BASE_URL: "base_url",
  LLM_REASONING_EFFORT: "reasoning_effort",
  WORKSPACE_BASE: "directory",
  AGENT: "agent_cls",
  CONFIRMATION_MODE: "confirmation_mode",
  MAX_ITERATIONS: "max_steps",
  MAX_BUDGET_PER_TASK: "max_cost_usd",
};
const keyNames = new Set(["LLM_API_KEY", "api_key"]);
/** Web UIs also send these as text. */
const numericNames = new Set(["max_steps", "max_cost_usd"]);

/** Empty strings count as omitted. Fails with `bad_args` if `args` is not an object or the key not a string. */
export function normalizeSettings(args: unknown): NormalizedSettings {
  if (args === undefined || args === null) return { settings: {}, apiKey: undefined };
  if (typeof args !== "object" || Array.isArray(args)) throw new DeckhandError("bad_args", "`args` must be an object.");
  const settings: Record<string, unknown> = {};
  let apiKey: string | undefined;
  for (const [given, value] of Object.entries(args)) {
    if (value === "" || value === null) continue;
    if (keyNames.has(given)) {
      if (typeof value !== "string") throw new DeckhandError("bad_args", `${given} must be a string.`);
      apiKey = value;
      continue;
    }
    const name = Object.hasOwn(olderNames, given) ? (olderNames[given] ?? given) : given;
    const isNumeric = numericNames.has(name) && typeof value === "string";
    settings[name] = isNumeric ? Number(value) : value;
  }
  return { settings, apiKey };
}

/** An action ready to be submitted to a conversation. */
export interface NormalizedAction {
  readonly kind: string;
  readonly args: unknown;
  readonly apiKey: string | undefined;
}

export function normalizeAction(kind: string, args: unknown): NormalizedAction {
  if (kind !== "initialize") return { kind, args, apiKey: undefined };
  const { settings, apiKey } = normalizeSettings(args);
  return { kind, args: settings, apiKey };
}
