/**
 * The server's settings, stored in `DECKHAND_HOME/settings.json` in sections. Everything is optional: a missing value
 * has its default, and environment variables take precedence.
 */
import { z } from "zod";
import { approvalPolicies } from "../wire/approvals.ts";
import { httpUrl } from "../wire/mcp.ts";
import { reasoningEfforts } from "../wire/settings.ts";
import { mcpServers, type McpAddress, type McpCommand } from "./mcp.ts";

const name = z.string().min(1).max(200);
const seconds = z.number().positive();

/** Providers whose API keys can be saved, and the environment variable that takes precedence over each. */
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

/** A provider, or the origin of a custom endpoint. A key is only ever sent to its owner. */
const keyOwner = z.string().refine((owner) => Object.hasOwn(providerKeys, owner) || isOrigin(owner), {
  error: `a key belongs to one of ${Object.keys(providerKeys).join(", ")}, or to the origin of a URL`,
});

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** A command of the user that runs when something happens. */
export const hook = z.strictObject({
  name: name.optional(),
  /** Run with `sh -c`; a JSON description of the event is on its standard input. */
  command: z.string().min(1).max(8192),
  /** Only for actions of this kind (`run`, `edit` …) or this MCP tool (`github__create_issue`). */
  action: name.optional(),
  /** A pattern as in approval rules; `*` matches anything. */
  pattern: z.string().min(1).max(1000).optional(),
  timeout_seconds: seconds.max(600).optional(),
  /** Run it in the sandbox of the conversation instead of on the server's machine. */
  sandbox: z.boolean().optional(),
});
export type Hook = z.infer<typeof hook>;
const hookList = z.array(hook).max(20).optional();

/** Each section has its own schema, so that an error in one does not invalidate the others. */
export const settingsSections = {
  model: z.strictObject({
    /** Same as `LLM_MODEL`. */
    name: name.optional(),
    base_url: httpUrl.optional(),
    /** Models to use, in this order, when the model is unavailable. */
    fallbacks: z
      .array(name.regex(/^[^\s,]+$/, "must not contain spaces or commas"))
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
    /** `example.org`, `*.example.org`, `10.0.0.5:8080`; `default` stands for the built-in list. */
    allow: z
      .array(z.string().regex(/^[^\s,]{1,300}$/, "must not contain spaces or commas"))
      .max(500)
      .optional(),
  }),
  mcp: z.strictObject({ servers: mcpServers.optional() }),
  hooks: z.strictObject({ before_action: hookList, after_action: hookList, start: hookList, stop: hookList }),
  agents: z.strictObject({
    /** The agent for conversations that do not choose one. */
    default: name.optional(),
    /** Absolute path of a folder with custom agent definitions, instead of `DECKHAND_HOME/agents`. */
    folder: z.string().startsWith("/").max(4096).optional(),
  }),
} as const satisfies Record<string, z.ZodType>;

export type SettingsSection = keyof typeof settingsSections;
export const sectionNames = Object.keys(settingsSections) as readonly SettingsSection[];
export type SectionValue<S extends SettingsSection> = z.infer<(typeof settingsSections)[S]>;
/** The contents of the file. */
export type ServerSettings = { readonly [S in SettingsSection]?: SectionValue<S> };

/** A secret as it is displayed: its last four characters, or none if it is short. */
export interface MaskedSecret {
  readonly last: string;
}
type MaskedSecrets = Readonly<Record<string, MaskedSecret>>;
export type McpServerView =
  | (Omit<McpCommand, "env"> & { readonly env?: MaskedSecrets })
  | (Omit<McpAddress, "headers"> & { readonly headers?: MaskedSecrets });

/** The contents of the file with all secrets masked. */
export type SettingsView = Omit<ServerSettings, "keys" | "mcp"> & {
  readonly keys?: MaskedSecrets;
  readonly mcp?: { readonly servers?: Readonly<Record<string, McpServerView>> };
};

/** The response of `GET` and `PATCH /api/settings`. */
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

/** Merged section by section as a JSON Merge Patch (RFC 7396): `null` removes a value, lists are replaced. */
export type SettingsPatch = Readonly<Record<string, unknown>>;
