/**
 * The arguments of `initialize` under all the names that they have had, and the model's key taken out of them: what is
 * left goes into the log, the key never does.
 */
import { DeckhandError } from "@deckhand/protocol";

export interface NormalizedSettings {
  /** As `settingsSchema` wants them; not checked yet. */
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
/** Web pages send these as text too. */
const numbers = new Set(["max_steps", "max_cost_usd"]);

/** An empty text is the same as none. Fails with `bad_args` where there is no object, or a key that is no text. */
export function normalizeSettings(args: unknown): NormalizedSettings {
  if (args === undefined || args === null) return { settings: {}, apiKey: undefined };
  if (typeof args !== "object" || Array.isArray(args)) throw new DeckhandError("bad_args", "`args` is no object.");
  const settings: Record<string, unknown> = {};
  let apiKey: string | undefined;
  for (const [given, value] of Object.entries(args)) {
    if (value === "" || value === null) continue;
    if (keyNames.has(given)) {
      if (typeof value !== "string") throw new DeckhandError("bad_args", `${given} is no text.`);
      apiKey = value;
      continue;
    }
    const name = Object.hasOwn(olderNames, given) ? (olderNames[given] ?? given) : given;
    const number = numbers.has(name) && typeof value === "string";
    settings[name] = number ? Number(value) : value;
  }
  return { settings, apiKey };
}

/** An action from a client, ready to be submitted. */
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
