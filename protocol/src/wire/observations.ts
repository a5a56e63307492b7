/**
 * What came of it: the `extras` of every observation. `content` is a string beside them. Unknown extras pass.
 */
import { z } from "zod";
import { planTask } from "./actions.ts";
import { contextUse } from "./context-use.ts";
import { errorCodes } from "./errors.ts";
import { hookEvents } from "./hook-events.ts";
import { serverTool } from "./mcp.ts";
import { refusalReasons } from "./refusals.ts";
import { agentStates } from "./states.ts";
import { usageSchema } from "./usage.ts";

/** One part of a model's reply, kept as it came so that the next request can be rebuilt byte for byte. */
export const replyPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string(), provider: z.unknown().optional() }),
  z.object({ type: z.literal("reasoning"), text: z.string(), provider: z.unknown().optional() }),
  z.object({
    type: z.literal("call"),
    id: z.string(),
    name: z.string(),
    /** The arguments as the model wrote them: JSON text, or what it took for it. */
    arguments: z.string(),
    provider: z.unknown().optional(),
  }),
]);
export type ReplyPart = z.infer<typeof replyPart>;

/** Where the whole of an output lies when `content` holds only its head and tail. */
const outputFile = z.object({
  /** The path at which commands and file tools in the sandbox can read it. */
  path: z.string(),
  size_bytes: z.int(),
  /** The file itself was cut at the server's bound. */
  cut: z.boolean(),
});

/** A command that goes on beside the shell. `exit_code` where it has ended; -1: nobody knows. */
export const jobState = z.object({
  id: z.string(),
  state: z.enum(["running", "ended"]),
  exit_code: z.int().optional(),
});
export type JobState = z.infer<typeof jobState>;

/** A terminal of a person's. `exit_code` of its shell where it has closed; -1: nobody knows. */
export const terminalState = z.object({
  id: z.string(),
  state: z.enum(["open", "closed"]),
  exit_code: z.int().optional(),
});
export type TerminalState = z.infer<typeof terminalState>;

/** Rows and columns count from 0. */
const screen = z.object({
  rows: z.int(),
  cols: z.int(),
  cursor_row: z.int(),
  cursor_col: z.int(),
  /** A program has taken the whole screen. */
  alternate: z.boolean(),
});

/** What a command tried to reach and was refused, each once. */
const networkNotes = z.object({
  refused: z.array(
    z.object({
      host: z.string(),
      port: z.int(),
      reason: z.enum(refusalReasons),
      /** What `allow_host` would have to be given; none where that does not help. */
      rule: z.string().optional(),
    }),
  ),
});
/** Entries that no snapshot has, and that are therefore neither compared nor restored. */
export const excludedFiles = z.object({
  /** What .gitignore names, a folder as one; small files are kept all the same. */
  ignored: z.int(),
  /** Files over 20 MiB that are new or changed. */
  large: z.int(),
  unreadable: z.int(),
});
export type ExcludedFiles = z.infer<typeof excludedFiles>;

/** The circle in which the agent goes: what it did, or said, again and again; or it stopped in the middle of its task. */
export const nudgeReasons = ["repeat", "repeat_error", "monologue", "alternation", "unfinished"] as const;
export type NudgeReason = (typeof nudgeReasons)[number];

/** A file that speaks to agents. `deeper`: named only; `nested`: of a folder, told when work is done there. */
export const instructionFile = z.object({
  kind: z.enum(["instructions", "skill", "microagent", "deeper", "nested"]),
  path: z.string(),
  /** Of its text. */
  hash: z.string(),
});
export type InstructionFile = z.infer<typeof instructionFile>;

/** How a child is, as its parent's log tells it: all that it has used so far, its own children's with it. */
export const childReport = z.object({
  conversation: z.string(),
  /** Id of the `delegate`. */
  action: z.int(),
  agent: z.string(),
  agent_state: z.enum(agentStates).nullable(),
  /** An action that waits for a person, in it or in a child of its own, and that action's sentence. */
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
    /** Lines left out before it. */
    start: z.int().optional(),
    /** What the agent was shown; text when it is not there. */
    kind: z.enum(["text", "notebook", "image", "folder"]).optional(),
    /** As the model is shown it: a `data:` URL, made smaller where it was large. */
    image: z.object({ url: z.string(), width: z.int(), height: z.int() }).optional(),
  }),
  write: z.object({ path: z.string() }),
  edit: z.object({
    path: z.string(),
    old_content: z.string().optional(),
    new_content: z.string().optional(),
    /** Of a patch: all files that it changed; `path` is the first. */
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
    /** -1: no exit status is known (the shell went away, or `job` is running). 130: interrupted. */
    exit_code: z.int(),
    cwd: z.string(),
    duration_ms: z.number(),
    truncated: z.boolean(),
    hidden: z.boolean(),
    /** Why the command ended, where it was not by itself. */
    ended_by: z.enum(["timeout", "stop", "shell_exit"]).optional(),
    /** A limit of the conversation's commands that was hit meanwhile. */
    limit: z.enum(["memory", "processes", "file_size"]).optional(),
    whole: outputFile.optional(),
    /** The command goes on. */
    job: jobState.optional(),
    screen: screen.optional(),
    network: networkNotes.optional(),
  }),
  /** Without a cause: it has ended by itself. */
  job: z.object({
    job: jobState,
    command: z.string(),
    /** Since it was started. */
    duration_ms: z.number(),
    truncated: z.boolean(),
    whole: outputFile.optional(),
    screen: screen.optional(),
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
    /** Cut where they are large; the child's `finish` has them whole. */
    outputs: z.record(z.string(), z.unknown()),
    conversation: z.string(),
    agent: z.string(),
    /** In which it came to rest. */
    agent_state: z.enum(agentStates),
    steps: z.int(),
    cost_usd: z.number(),
    duration_ms: z.number(),
  }),
  /** Bookkeeping. */
  child: childReport,
  call_tool: z.object({
    server: z.string(),
    name: z.string(),
    /** The tool says that it failed. */
    is_error: z.boolean().optional(),
    truncated: z.boolean().optional(),
    /** Data URLs. */
    images: z.array(z.string()).optional(),
  }),
  restore: z.object({
    at: z.int(),
    /** Files that are another now; the first 200 of them. */
    changed_files: z.int(),
    files: z.array(z.object({ status: z.string(), path: z.string() })),
    /** Those among them that were changed outside the agent's turns since. */
    taken_back: z.array(z.string()),
    left_out: excludedFiles,
  }),
  chat: z.object({ image_urls: z.array(z.string()).nullable() }),
  agent_state_changed: z.object({
    agent_state: z.enum(agentStates),
    reason: z.string().optional(),
    /** After a crash it went on by itself, so many times since a person's last word. */
    resumed: z.int().min(1).optional(),
  }),
  user_rejected: z.object({}),
  error: z.object({ code: z.enum(errorCodes), retryable: z.boolean(), error_id: z.string() }),
  /** What the model replied. Bookkeeping: the actions that follow name it. */
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
  /** A title that a model made; the first task's first line is the title until then. Bookkeeping. */
  title: z.object({ model: z.string(), usage: usageSchema, cost_usd: z.number().min(0).nullable() }),
  /** What came before was written elsewhere: its settings, and what a person let go on there, hold no longer. Bookkeeping. */
  imported: z.object({}),
  /** What a person put into the workspace beside the log: what is large, or no text, is not in the event. */
  upload: z.object({
    /** The first hundred. */
    files: z.array(z.object({ path: z.string(), size_bytes: z.int() })),
    count: z.int(),
    size_bytes: z.int(),
  }),
  /** What the workspace was after event `after`, as the name of a git tree that the server keeps. Bookkeeping. */
  snapshot: z.object({
    tree: z.string(),
    after: z.int(),
    /** What changed since the snapshot before was changed outside the agent's turns. */
    outside: z.boolean(),
    left_out: excludedFiles,
    duration_ms: z.number(),
  }),
  /** A person has opened a terminal beside the agent's work, or one has closed. What is typed there stands in no log. Bookkeeping. */
  terminal: z.object({ terminal: terminalState }),
  /** Something worth knowing while one waits: a retry and its reason. Bookkeeping. */
  status: z.object({ code: z.string(), attempt: z.int().optional(), wait_ms: z.number().optional() }),
  /** What the workspace says to agents, and the files that it is from. Bookkeeping. */
  knowledge: z.object({ pieces: z.array(instructionFile) }),
  /** The tools of MCP servers that the model is told of from here on, all of them. Bookkeeping. */
  tools: z.object({ tools: z.array(serverTool) }),
  /** A command of the user's own was run because of something that happened; `content` is what it printed. Bookkeeping. */
  hook: z.object({
    event: z.enum(hookEvents),
    name: z.string(),
    /** Id of the action about which it was asked. */
    action: z.int().optional(),
    /** -1: it has none, because it was ended or could not be started. */
    exit_code: z.int(),
    duration_ms: z.number(),
    /** What it was asked about does not happen. */
    blocks: z.boolean(),
    /** The model reads the `content`. */
    told: z.boolean(),
    timed_out: z.boolean(),
  }),
  /** What the server tells the model by itself. Bookkeeping. */
  nudge: z.object({ reason: z.enum(nudgeReasons) }),
} as const satisfies Record<string, z.ZodType>;

export type ObservationKind = keyof typeof observationExtras;
export type ObservationExtras<K extends ObservationKind> = z.infer<(typeof observationExtras)[K]>;
