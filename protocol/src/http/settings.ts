/**
 * What the server keeps of a person's wishes, in `DECKHAND_HOME/settings.json`: a section each for what is chosen together.
 * All of it is optional; what is missing has its default, and what the environment says goes before it.
 */
import { z } from "zod";
import { approvalPolicies } from "../wire/actions.ts";
import { reasoningEfforts } from "./models.ts";
import { address, mcpServers, type McpAddress, type McpCommand } from "../wire/mcp.ts";

const name = z.string().min(1).max(200);
const seconds = z.number().positive();

/** Providers whose keys can be kept, with the variable of the environment that goes before the key that is kept. */
export const providerKeys = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GEMINI_API_KEY",
  openrouter: "OPENROUTER_API_KEY",
  deepseek: "DEEPSEEK_API_KEY",
  mistral: "MISTRAL_API_KEY",
  xai: "XAI_API_KEY",
  groq: "GROQ_API_KEY",
  azure: "AZURE_API_KEY",
  bedrock: "AWS_BEARER_TOKEN_BEDROCK",
} as const;
export type ProviderName = keyof typeof providerKeys;

/** A provider, or the origin of a server of one's own: a key goes to whom it was kept for and to nobody else. */
const keyOwner = z.string().refine((owner) => Object.hasOwn(providerKeys, owner) || isOrigin(owner), {
  error: `a key is kept for one of ${Object.keys(providerKeys).join(", ")}, or for the origin of an address`,
});

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** A command of the person's own that is run when something happens. */
export const hook = z.strictObject({
  name: name.optional(),
  /** For `sh -c`; what happened is on its standard input, as JSON. */
  command: z.string().min(1).max(8192),
  /** Only actions of this kind (`run`, `edit` …); `mcp` names such as `github__create_issue` are kinds here, too. */
  action: name.optional(),
  /** As that of an approval rule; `*` matches anything. */
  pattern: z.string().min(1).max(1000).optional(),
  timeout_seconds: seconds.max(600).optional(),
  /** Run in the conversation's sandbox instead of on the server's machine. */
  sandbox: z.boolean().optional(),
});
export type Hook = z.infer<typeof hook>;
const hookList = z.array(hook).max(20).optional();

/** Each section by its own schema, so that one that is wrong costs the others nothing. */
export const settingsSections = {
  model: z.strictObject({
    /** As `LLM_MODEL`. */
    name: name.optional(),
    base_url: address.optional(),
    /** Asked in this order when the model is out of reach. */
    fallbacks: z
      .array(name.regex(/^[^\s,]+$/, "a name has no blank and no comma"))
      .max(10)
      .optional(),
    /** For titles and summaries. */
    small_model: name.optional(),
    reasoning_effort: z.enum(reasoningEfforts).optional(),
  }),
  keys: z.record(keyOwner, z.string().min(1).max(8192)),
  limits: z.strictObject({
    max_steps: z.int().min(1).optional(),
    max_cost_usd: z.number().positive().optional(),
    max_tokens: z.int().min(1).optional(),
    max_seconds: seconds.optional(),
  }),
  approval: z.strictObject({
    policy: z.enum(approvalPolicies).optional(),
    seconds: z.number().min(0).max(604_800).optional(),
  }),
  network: z.strictObject({
    policy: z.enum(["off", "allow", "on"]).optional(),
    /** `example.org`, `*.example.org`, `10.0.0.5:8080`, and `default` for the built-in list. */
    allow: z
      .array(z.string().regex(/^[^\s,]{1,300}$/, "a host has no blank and no comma"))
      .max(500)
      .optional(),
  }),
  mcp: z.strictObject({ servers: mcpServers.optional() }),
  hooks: z.strictObject({ before_action: hookList, after_action: hookList, start: hookList, stop: hookList }),
  agents: z.strictObject({
    /** The agent of a conversation that names none. */
    default: name.optional(),
    /** Absolute: a folder of definitions of one's own, in place of `DECKHAND_HOME/agents`. */
    folder: z.string().startsWith("/").max(4096).optional(),
  }),
} as const satisfies Record<string, z.ZodType>;

export type SettingsSection = keyof typeof settingsSections;
export const sectionNames = Object.keys(settingsSections) as readonly SettingsSection[];
export type SectionValue<S extends SettingsSection> = z.infer<(typeof settingsSections)[S]>;
/** What is kept. */
export type ServerSettings = { readonly [S in SettingsSection]?: SectionValue<S> };

/** A secret, as it is shown: its last four characters, none where it is short. */
export interface MaskedSecret {
  readonly last: string;
}
type MaskedSecrets = Readonly<Record<string, MaskedSecret>>;
export type McpServerView =
  | (Omit<McpCommand, "env"> & { readonly env?: MaskedSecrets })
  | (Omit<McpAddress, "headers"> & { readonly headers?: MaskedSecrets });

/** What is kept, with every secret hidden. */
export type SettingsView = Omit<ServerSettings, "keys" | "mcp"> & {
  readonly keys?: MaskedSecrets;
  readonly mcp?: { readonly servers?: Readonly<Record<string, McpServerView>> };
};

/** What `GET` and `PATCH /api/settings` answer. */
export interface SettingsReport {
  readonly saved: SettingsView;
  /** Saved values that are overridden, by `section.key`, with the environment variable or the flag that does so. */
  readonly environment: Readonly<Record<string, string>>;
  /** The values in effect, for the sections that the environment can override. */
  readonly effective: {
    readonly model: { readonly name?: string; readonly base_url?: string };
    readonly limits: SectionValue<"limits">;
    readonly approval: SectionValue<"approval">;
    readonly network: SectionValue<"network">;
  };
  /** Every configuration option with its value. */
  readonly options: readonly SettingsOption[];
  /** Sections that were changed since the server started and take effect after a restart. */
  readonly restart: readonly SettingsSection[];
  /** What is wrong with the file; nothing can be saved until it is fixed. Empty: all of it is in use. */
  readonly problems: readonly SettingsProblem[];
  /** Path of settings.json. */
  readonly file: string;
  /** Whether hooks and MCP servers that start programs can be saved here; otherwise only in the file itself. */
  readonly processes_here: boolean;
}

export interface SettingsOption {
  /** `limits.max_steps`: its name in settings.json, and for `deckhand serve --set`. */
  readonly name: string;
  /** The environment variable that sets it. */
  readonly variable?: string;
  /** As it would be written in the variable; `(hidden)` for a secret. Absent: not set. */
  readonly value?: string;
  /** What applies while it is not set, in words. */
  readonly default?: string;
  /** `fail_closed`: settings.json is unreadable there, so the strictest value applies. */
  readonly source: "default" | "saved" | "environment" | "flag" | "fail_closed";
  /** The variable or flag that sets it. */
  readonly set_by?: string;
  /** Whether a running server applies a saved change without a restart. */
  readonly live: boolean;
}

export interface SettingsProblem {
  /** Absent: the file as a whole. */
  readonly section?: string;
  readonly problem: string;
}

/** Section by section, merged as JSON Merge Patch (RFC 7396) does: `null` removes, lists are replaced. */
export type SettingsPatch = Readonly<Record<string, unknown>>;
