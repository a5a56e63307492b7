/**
 * All that can be configured: one flat object, parsed once from the environment. An empty value is the same as none.
 * docs/CONFIGURATION.md lists the same names; a test holds the two together.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const boolean = z.stringbool();
/** `512M`, `1.5G`. */
const size = z
  .string()
  .regex(/^\d+(\.\d+)?[KMGT]$/i, "a size is a number and K, M, G or T, as in 512M")
  .transform((text) =>
    Math.floor(Number(text.slice(0, -1)) * 1024 ** (1 + "KMGT".indexOf(text.slice(-1).toUpperCase()))),
  );
const seconds = z.coerce.number().positive();

const environment = z.object({
  /** Address to listen on. Beyond loopback a DECKHAND_TOKEN is needed. */
  HOST: z.string().default("127.0.0.1"),
  /** Port to listen on; 0 takes a free one. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Folder of all that the server keeps. */
  DECKHAND_HOME: z.string().default(() => join(dataHome(), "deckhand")),
  /** The default workspace; a folder inside DECKHAND_HOME when not set. */
  WORKSPACE_BASE: z.string().optional(),
  /** `gpt-4o`, `anthropic/claude-sonnet-4-5`, `ollama/qwen3`, `scripted/FILE.json`, `demo`. Empty: what is found. */
  LLM_MODEL: z.string().optional(),
  /** Key of the model's provider; its own variable (OPENAI_API_KEY …) is the fallback. */
  LLM_API_KEY: z.string().optional(),
  /** Any OpenAI-compatible server. */
  LLM_BASE_URL: z.url().optional(),
  /** Models that are asked, in this order, when LLM_MODEL cannot be reached; separated by commas. */
  LLM_FALLBACK: z.string().default(""),
  /** Model for titles and summaries; LLM_MODEL when not set. */
  LLM_SMALL_MODEL: z.string().optional(),
  /** How much models think that can be told: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`. Not set: their own. */
  LLM_REASONING_EFFORT: z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]).optional(),
  /** Retries of a model call that failed with something that passes (rate limit, 5xx, dropped stream). */
  LLM_NUM_RETRIES: z.coerce.number().int().min(0).max(20).default(5),
  /** Seconds of silence after which a model call is given up. */
  LLM_TIMEOUT: seconds.default(120),
  /** Tokens that the model can read; not set: what is known of it. */
  LLM_MAX_INPUT_TOKENS: z.coerce.number().int().min(1000).optional(),
  /** Whether the model calls tools by itself; `false`: it is told of them in words. Not set: tried out. */
  LLM_NATIVE_TOOL_CALLING: boolean.optional(),
  /** Steps of one turn. */
  MAX_ITERATIONS: z.coerce.number().int().min(1).default(100),
  /** Dollars of one conversation. */
  MAX_BUDGET_PER_TASK: z.coerce.number().positive().optional(),
  /** Tokens of one conversation, read and written. */
  DECKHAND_MAX_TOKENS: z.coerce.number().int().min(1).optional(),
  /** Seconds of one turn. */
  DECKHAND_MAX_SECONDS: seconds.optional(),
  /** When a person is asked before the agent acts: `never`, `risky` or `always`. */
  DECKHAND_APPROVAL: z.enum(["never", "risky", "always"]).default("risky"),
  /** Seconds after which what nobody has answered is denied; with 0 nobody is asked and it is denied at once. */
  DECKHAND_ASK_SECONDS: z.coerce.number().min(0).max(604_800).default(3600),
  /** Seconds in which a workspace is made: cloned, copied. */
  DECKHAND_WORKSPACE_SECONDS: seconds.default(600),
  /** Mebibytes of a workspace that is made, and of an upload. */
  DECKHAND_WORKSPACE_MIB: z.coerce.number().positive().default(4096),
  /** After a crash a conversation that was at work waits for a person (`ask`), or goes on by itself (`always`). */
  DECKHAND_RESUME: z.enum(["ask", "always"]).default("ask"),
  /** Seconds of a command that has no time-out of its own. */
  SANDBOX_TIMEOUT: seconds.default(120),
  /** `bubblewrap` (the default), `docker` for containers of Docker or Podman, `kubernetes` for pods, or `host` for no sandbox at all. */
  DECKHAND_RUNTIME: z.enum(["bubblewrap", "docker", "kubernetes", "host"]).default("bubblewrap"),
  /** Image of containers; anything with a `sh` in it. */
  DECKHAND_IMAGE: z.string().default("docker.io/library/buildpack-deps:bookworm"),
  /** Whether a container's own files can be changed: `read-only` leaves the workspace, the home and /tmp. */
  DECKHAND_CONTAINER_ROOT: z.enum(["writable", "read-only"]).default("writable"),
  /** What a container sees at the workspace's path: the `folder` itself, or a `volume` of the conversation's own. */
  DECKHAND_CONTAINER_WORKSPACE: z.enum(["folder", "volume"]).default("folder"),
  /** Namespace of the pods; that of kubectl's context when not set. */
  DECKHAND_KUBERNETES_NAMESPACE: z.string().optional(),
  /** Claim of a volume that keeps workspace and home of each conversation; without one they end with its pod. */
  DECKHAND_KUBERNETES_CLAIM: z.string().optional(),
  /** RuntimeClass of the pods, such as `gvisor`. */
  DECKHAND_KUBERNETES_CLASS: z.string().optional(),
  /** Seconds that a pod may take to run, its image included. */
  DECKHAND_KUBERNETES_SECONDS: seconds.default(300),
  /** Minutes without a command after which a container is paused; it wakes up by itself. */
  DECKHAND_IDLE_MINUTES: z.coerce.number().positive().max(10_000).default(15),
  /** Days without use after which a starting server removes a container. */
  DECKHAND_CONTAINER_DAYS: z.coerce.number().positive().max(3650).default(14),
  /** What commands reach: nothing (`off`), listed hosts (`allow`), any public address (`on`); through the server's proxy alone. */
  DECKHAND_NETWORK: z.enum(["off", "allow", "on"]).default("allow"),
  /** Hosts of `allow` (`example.org`, `*.example.org`, `10.0.0.5:8080`), separated by commas; `default` stands for the built-in list. */
  DECKHAND_NETWORK_ALLOW: z.string().default("default"),
  /** What all commands of a conversation may take together; of memory three quarters of the machine's when not set. */
  DECKHAND_MEMORY: size.optional(),
  DECKHAND_PROCESSES: z.coerce.number().int().min(16, "a shell and what it needs take 16").optional(),
  /** Processors' worth of time; all of them when not set. */
  DECKHAND_CPUS: z.coerce.number().min(0.05).optional(),
  /** The largest file that a command may write. */
  DECKHAND_FILE_SIZE: size.optional(),
  /** Names of files and folders that commands cannot write in a workspace, separated by commas; instead of the usual ones. */
  DECKHAND_PROTECT: z.string().optional(),
  /** Token that lets in from anywhere; without one a random one is kept in DECKHAND_HOME, for loopback only. */
  DECKHAND_TOKEN: z.string().min(16, "a token has at least 16 characters").optional(),
  /** Further names under which the server is reached (`deckhand.example.org:443`), separated by commas. */
  DECKHAND_HOSTS: z.string().default(""),
  /** Private addresses that `browse` may fetch (`127.0.0.1:8080`), separated by commas. */
  DECKHAND_BROWSE_ALLOW: z.string().default(""),
  /** Key that signs the classic clients' tokens; a random one is kept in DECKHAND_HOME. */
  JWT_SECRET: z.string().min(16, "a secret has at least 16 characters").optional(),
  /** Look for a model server (Ollama, LM Studio, llama.cpp, vLLM) on this machine when no model is configured. */
  DECKHAND_DISCOVER: boolean.default(true),
  /** Ask the model for a title of each conversation when its first turn has ended. */
  DECKHAND_TITLES: boolean.default(true),
  /** Let hooks and MCP servers that are programs be set over HTTP, too: they run outside of the sandbox. */
  DECKHAND_SETTINGS_OVER_HTTP: boolean.default(false),
  /** Keep what workspaces were, so that they can be compared and brought back. */
  DECKHAND_SNAPSHOTS: boolean.default(true),
});

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly home: string;
  readonly workspace: string;
  readonly model: { readonly name?: string; readonly apiKey?: string; readonly baseUrl?: string };
  readonly fallbackModels: readonly string[];
  readonly smallModel: string | undefined;
  readonly reasoningEffort: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | undefined;
  readonly modelRetries: number;
  readonly modelTimeoutMs: number;
  readonly contextTokens: number | undefined;
  readonly toolCalling: "native" | "text" | "auto";
  readonly discover: boolean;
  readonly titles: boolean;
  readonly snapshots: boolean;
  readonly processesOverHttp: boolean;
  readonly maxSteps: number;
  readonly maxCostUsd: number;
  readonly maxTokens: number;
  readonly maxSeconds: number;
  readonly approvalPolicy: "never" | "risky" | "always";
  readonly approvalSeconds: number;
  readonly workspaceSeconds: number;
  readonly workspaceBytes: number;
  readonly resume: "ask" | "always";
  readonly commandTimeoutMs: number;
  readonly runtime: "bubblewrap" | "docker" | "kubernetes" | "host";
  readonly pods: {
    readonly namespace: string | undefined;
    readonly claim: string | undefined;
    readonly runtimeClass: string | undefined;
    readonly startMs: number;
  };
  readonly container: {
    readonly image: string;
    readonly readOnly: boolean;
    readonly workspaceIn: "folder" | "volume";
    readonly idleMs: number;
    readonly keepMs: number;
  };
  readonly network: "off" | "allow" | "on";
  readonly networkAllow: readonly string[];
  /** Of all commands of a conversation; what is not given has its default in runtime/wall/limits.ts. */
  readonly commandLimits: {
    readonly memoryBytes?: number;
    readonly processes?: number;
    readonly cpus?: number;
    readonly fileBytes?: number;
  };
  readonly protectedNames: readonly string[] | undefined;
  readonly token: string | undefined;
  readonly hosts: readonly string[];
  readonly browseAllow: readonly string[];
  readonly jwtSecret: string | undefined;
}

/** Fails with a plain `Error` that names each variable and what is wrong with it. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The configuration is not usable:\n${lines.join("\n")}`);
  }
  const e = parsed.data;
  const home = resolve(e.DECKHAND_HOME);
  return {
    host: e.HOST,
    port: e.PORT,
    home,
    workspace: e.WORKSPACE_BASE === undefined ? join(home, "workspace") : resolve(e.WORKSPACE_BASE),
    model: {
      ...(e.LLM_MODEL === undefined ? {} : { name: e.LLM_MODEL }),
      ...(e.LLM_API_KEY === undefined ? {} : { apiKey: e.LLM_API_KEY }),
      ...(e.LLM_BASE_URL === undefined ? {} : { baseUrl: e.LLM_BASE_URL }),
    },
    fallbackModels: list(e.LLM_FALLBACK),
    smallModel: e.LLM_SMALL_MODEL,
    reasoningEffort: e.LLM_REASONING_EFFORT,
    modelRetries: e.LLM_NUM_RETRIES,
    modelTimeoutMs: e.LLM_TIMEOUT * 1000,
    contextTokens: e.LLM_MAX_INPUT_TOKENS,
    toolCalling: e.LLM_NATIVE_TOOL_CALLING === undefined ? "auto" : e.LLM_NATIVE_TOOL_CALLING ? "native" : "text",
    discover: e.DECKHAND_DISCOVER,
    titles: e.DECKHAND_TITLES,
    snapshots: e.DECKHAND_SNAPSHOTS,
    processesOverHttp: e.DECKHAND_SETTINGS_OVER_HTTP,
    maxSteps: e.MAX_ITERATIONS,
    maxCostUsd: e.MAX_BUDGET_PER_TASK ?? Number.POSITIVE_INFINITY,
    maxTokens: e.DECKHAND_MAX_TOKENS ?? Number.POSITIVE_INFINITY,
    maxSeconds: e.DECKHAND_MAX_SECONDS ?? Number.POSITIVE_INFINITY,
    approvalPolicy: e.DECKHAND_APPROVAL,
    approvalSeconds: e.DECKHAND_ASK_SECONDS,
    workspaceSeconds: e.DECKHAND_WORKSPACE_SECONDS,
    workspaceBytes: e.DECKHAND_WORKSPACE_MIB * 1024 * 1024,
    resume: e.DECKHAND_RESUME,
    commandTimeoutMs: e.SANDBOX_TIMEOUT * 1000,
    runtime: e.DECKHAND_RUNTIME,
    pods: {
      namespace: e.DECKHAND_KUBERNETES_NAMESPACE,
      claim: e.DECKHAND_KUBERNETES_CLAIM,
      runtimeClass: e.DECKHAND_KUBERNETES_CLASS,
      startMs: e.DECKHAND_KUBERNETES_SECONDS * 1000,
    },
    container: {
      image: e.DECKHAND_IMAGE,
      readOnly: e.DECKHAND_CONTAINER_ROOT === "read-only",
      workspaceIn: e.DECKHAND_CONTAINER_WORKSPACE,
      idleMs: e.DECKHAND_IDLE_MINUTES * 60_000,
      keepMs: e.DECKHAND_CONTAINER_DAYS * 86_400_000,
    },
    network: e.DECKHAND_NETWORK,
    networkAllow: list(e.DECKHAND_NETWORK_ALLOW),
    commandLimits: {
      ...(e.DECKHAND_MEMORY === undefined ? {} : { memoryBytes: e.DECKHAND_MEMORY }),
      ...(e.DECKHAND_PROCESSES === undefined ? {} : { processes: e.DECKHAND_PROCESSES }),
      ...(e.DECKHAND_CPUS === undefined ? {} : { cpus: e.DECKHAND_CPUS }),
      ...(e.DECKHAND_FILE_SIZE === undefined ? {} : { fileBytes: e.DECKHAND_FILE_SIZE }),
    },
    protectedNames: e.DECKHAND_PROTECT === undefined ? undefined : list(e.DECKHAND_PROTECT),
    token: e.DECKHAND_TOKEN,
    hosts: list(e.DECKHAND_HOSTS),
    browseAllow: list(e.DECKHAND_BROWSE_ALLOW),
    jwtSecret: e.JWT_SECRET,
  };
}

export const environmentNames: readonly string[] = Object.keys(environment.shape);

function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function dataHome(): string {
  return process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
}
