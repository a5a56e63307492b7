/**
 * Observations: the results of actions, and what else happened. `extras` has the fields of each kind; `content` is a
 * string beside them. Readers ignore extras that they do not know.
 */
import { z } from "zod";
import { planTask } from "./actions.ts";
import { errorCodes } from "./errors.ts";
import { serverTool } from "./mcp.ts";
import { jobState, networkNotes, outputFile, terminalScreen, terminalState } from "./processes.ts";
import { agentStates } from "./states.ts";
import { contextUse, usageSchema } from "./usage.ts";

/** One part of a model's reply, kept exactly as received so that the next request can be rebuilt byte for byte. */
export const replyPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string(), provider: z.unknown().optional() }),
  z.object({ type: z.literal("reasoning"), text: z.string(), provider: z.unknown().optional() }),
  z.object({
    type: z.literal("call"),
    id: z.string(),
    name: z.string(),
    /** The arguments as the model wrote them: normally JSON, possibly malformed. */
    arguments: z.string(),
    provider: z.unknown().optional(),
  }),
]);
export type ReplyPart = z.infer<typeof replyPart>;

/** Files that checkpoints do not contain; they are neither compared nor restored. */
export const excludedFiles = z.object({
  /** Entries ignored by .gitignore, a folder counting as one. Small ignored files are included nevertheless. */
  ignored: z.int(),
  /** New or changed files over 20 MiB. */
  large: z.int(),
  unreadable: z.int(),
});
export type ExcludedFiles = z.infer<typeof excludedFiles>;

/**
 * When a user's hooks run: before and after an action of the agent, at the start of a turn, and when the agent
 * finishes.
 */
export const hookEvents = ["before_action", "after_action", "start", "stop"] as const;
export type HookEvent = (typeof hookEvents)[number];

/**
 * Why the server nudged the model: the kind of loop that it is in, or `unfinished`: it stopped in the middle of its
 * task.
 */
export const nudgeReasons = ["repeat", "repeat_error", "monologue", "alternation", "unfinished"] as const;
export type NudgeReason = (typeof nudgeReasons)[number];

/**
 * A file with instructions for agents. `listed`: only its path was given to the model. `nested`: it belongs to a
 * subfolder and was given when the agent first worked there. `microagent`: given when a message mentioned one of its
 * keywords.
 */
export const instructionFile = z.object({
  kind: z.enum(["instructions", "skill", "microagent", "listed", "nested"]),
  path: z.string(),
  /** Hash of its text. */
  hash: z.string(),
});
export type InstructionFile = z.infer<typeof instructionFile>;

/**
 * The state of a subagent, as recorded in the log of its parent. Usage counts are totals, including its own subagents.
 */
export const childReport = z.object({
  conversation: z.string(),
  /** Id of the `delegate` action. */
  action: z.int(),
  agent: z.string(),
  agent_state: z.enum(agentStates).nullable(),
  /** An action that needs approval, in the subagent or below it, with the sentence of that action. */
  awaiting: z.object({ conversation: z.string(), id: z.int(), message: z.string() }).nullable(),
  usage: usageSchema,
  cost_usd: z.number().min(0),
  steps: z.int().min(0),
  unpriced_steps: z.int().min(0),
});
export type ChildReport = Readonly<z.infer<typeof childReport>>;

export const observationExtras = {
  read: z.object({
    path: z.string(),
    /** Number of lines skipped before the first one shown. */
    start: z.int().optional(),
    /** What was read; text when missing. */
    kind: z.enum(["text", "notebook", "image", "folder"]).optional(),
    /** The image as the model sees it: a `data:` URL, scaled down if large. */
    image: z.object({ url: z.string(), width: z.int(), height: z.int() }).optional(),
  }),
  write: z.object({ path: z.string() }),
  edit: z.object({
    path: z.string(),
    old_content: z.string().optional(),
    new_content: z.string().optional(),
    /** For a patch: every file that it changed; `path` is the first. */
    files: z
      .array(
        z.object({
          path: z.string(),
          status: z.enum(["added", "modified", "deleted", "renamed"]),
          old_path: z.string().optional(),
        }),
      )
      .optional(),
  }),
  run: z.object({
    command: z.string(),
    /** -1: unknown (the shell exited, or `job` is still running). 130: interrupted. */
    exit_code: z.int(),
    cwd: z.string(),
    duration_ms: z.number(),
    truncated: z.boolean(),
    hidden: z.boolean(),
    /** Why the command ended, if not on its own. */
    ended_by: z.enum(["timeout", "stop", "shell_exit"]).optional(),
    /** A resource limit that was hit while it ran. */
    limit: z.enum(["memory", "processes", "file_size"]).optional(),
    whole: outputFile.optional(),
    /** Set when the command continues as a background process. */
    job: jobState.optional(),
    screen: terminalScreen.optional(),
    network: networkNotes.optional(),
  }),
  /** Without a `cause`: the process has ended. */
  job: z.object({
    job: jobState,
    command: z.string(),
    /** Since it was started. */
    duration_ms: z.number(),
    truncated: z.boolean(),
    whole: outputFile.optional(),
    screen: terminalScreen.optional(),
  }),
  run_ipython: z.object({ code: z.string() }),
  browse: z.object({
    url: z.string(),
    title: z.string(),
    text: z.string(),
    status: z.int(),
    screenshot: z.string(),
    error: z.boolean(),
  }),
  search: z.object({ pattern: z.string(), path: z.string(), matches: z.int(), truncated: z.boolean() }),
  plan: z.object({ tasks: z.array(planTask) }),
  delegate: z.object({
    /** Truncated when large; the subagent's `finish` has them in full. */
    outputs: z.record(z.string(), z.unknown()),
    conversation: z.string(),
    agent: z.string(),
    /** The state in which the subagent ended. */
    agent_state: z.enum(agentStates),
    steps: z.int(),
    cost_usd: z.number(),
    duration_ms: z.number(),
  }),
  child: childReport,
  call_tool: z.object({
    server: z.string(),
    name: z.string(),
    /** The tool reported a failure. */
    is_error: z.boolean().optional(),
    truncated: z.boolean().optional(),
    /** `data:` URLs. */
    images: z.array(z.string()).optional(),
  }),
  restore: z.object({
    at: z.int(),
    changed_files: z.int(),
    /** The first 200 changed files. */
    files: z.array(z.object({ status: z.string(), path: z.string() })),
    /** Those of them that had been changed outside the agent's turns. */
    reverted: z.array(z.string()),
    excluded: excludedFiles,
  }),
  chat: z.object({ image_urls: z.array(z.string()).nullable() }),
  agent_state_changed: z.object({
    agent_state: z.enum(agentStates),
    reason: z.string().optional(),
    /** Set when the turn resumed automatically after a crash: how many times since the user's last message. */
    resumed: z.int().min(1).optional(),
  }),
  user_rejected: z.object({}),
  error: z.object({ code: z.enum(errorCodes), retryable: z.boolean(), error_id: z.string() }),
  reply: z.object({
    model: z.string(),
    parts: z.array(replyPart),
    finish_reason: z.string(),
    usage: usageSchema,
    cost_usd: z.number().min(0).nullable(),
    duration_ms: z.number(),
    first_token_ms: z.number().nullable(),
    context: contextUse.optional(),
  }),
  title: z.object({ model: z.string(), usage: usageSchema, cost_usd: z.number().min(0).nullable() }),
  imported: z.object({}),
  upload: z.object({
    /** The first hundred. */
    files: z.array(z.object({ path: z.string(), size_bytes: z.int() })),
    count: z.int(),
    size_bytes: z.int(),
  }),
  checkpoint: z.object({
    /** Id of the git tree that the server keeps. */
    tree: z.string(),
    /** Id of the last event before it. */
    after: z.int(),
    /** The changes since the previous checkpoint were made outside the agent's turns. */
    external: z.boolean(),
    excluded: excludedFiles,
    duration_ms: z.number(),
  }),
  terminal: z.object({ terminal: terminalState }),
  status: z.object({ code: z.string(), attempt: z.int().optional(), wait_ms: z.number().optional() }),
  instructions: z.object({ files: z.array(instructionFile) }),
  tools: z.object({ tools: z.array(serverTool) }),
  hook: z.object({
    event: z.enum(hookEvents),
    name: z.string(),
    /** Id of the action that triggered it. */
    action: z.int().optional(),
    /** -1: none, because it was killed or could not be started. */
    exit_code: z.int(),
    duration_ms: z.number(),
    /** It blocked the action, or the end of the turn. */
    blocks: z.boolean(),
    /** The model sees `content`. */
    shown_to_model: z.boolean(),
    timed_out: z.boolean(),
  }),
  nudge: z.object({ reason: z.enum(nudgeReasons) }),
} as const satisfies Record<string, z.ZodType>;

export type ObservationKind = keyof typeof observationExtras;
export type ObservationExtras<K extends ObservationKind> = z.infer<(typeof observationExtras)[K]>;
