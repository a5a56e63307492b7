/**
 * What is asked: the arguments of every action. The defaults are filled in on parsing, so that a server always sends
 * every argument that has one. Unknown arguments are dropped.
 */
import { z } from "zod";
import { reasoningEfforts } from "../http/models.ts";
import { conversationMcpServers } from "./mcp.ts";
import { claimedCheck, evidence, workspaceChanges } from "./evidence.ts";
import { requestableStates } from "./states.ts";
import { usageSchema } from "./usage.ts";

const thought = z.string().default("");
const path = z.string().min(1);
/** Lines: `start` counts from 0, `end` is exclusive, -1 is the end of the file. */
const start = z.int().min(0).default(0);
const end = z.int().min(-1).default(-1);
const confirmationState = z.enum(["confirmed", "rejected", "awaiting_confirmation"]).default("confirmed");

/** When a person is asked before the agent acts. */
export const approvalPolicies = ["never", "risky", "always"] as const;
export type ApprovalPolicyName = (typeof approvalPolicies)[number];

/**
 * What a person has allowed from now on, in a conversation or on the whole server. `pattern` is, for `run`, a command word by word, exact, or
 * with ` *` at its end and any further arguments; for `browse` an origin; for files a path; else `*`.
 */
export const approvalRule = z.object({ action: z.string(), pattern: z.string() });
export type ApprovalRule = z.infer<typeof approvalRule>;

/** A rule because of which nobody was asked: one of the conversation, or of the whole server. */
export const allowingRule = approvalRule.extend({ scope: z.enum(["conversation", "server"]) });
export type AllowingRule = z.infer<typeof allowingRule>;

/** `allow` is for this once. */
export const approvalDecisions = ["allow", "allow_for_conversation", "allow_for_server", "deny"] as const;

/** Why an action waits for a person, until when, and what happens then. */
export const approvalDetails = z.object({
  reasons: z.array(z.string()),
  /** What `allow_for_conversation` and `allow_for_server` will remember; where there is nothing it can be allowed only once. */
  rules: z.array(approvalRule),
  expires_at: z.iso.datetime(),
  default: z.literal("deny"),
  /** The shell's directory when it was asked; in another one the action is not run. */
  cwd: z.string().optional(),
});
export type ApprovalDetails = z.infer<typeof approvalDetails>;

/** Signals that a job can be sent. */
export const jobSignals = ["INT", "TERM", "KILL", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT"] as const;
export type JobSignal = (typeof jobSignals)[number];

const maxInputChars = 65_536;
const screenSide = z.int().min(2).max(500);
/**
 * Where a conversation works, chosen when it begins. All but `folder` are made for the one conversation, in a folder of its
 * own, and go with it; `{}` begins empty.
 */
export const workspaceChoice = z.union([
  /** This very folder, absolute; made when it is missing. */
  z.strictObject({ folder: z.string().min(1).max(4096) }),
  /** The newest state of `ref` (branch, tag or commit; else the default branch), without the history before it. */
  z.strictObject({ git: z.string().min(1).max(2048), ref: z.string().min(1).max(255).optional() }),
  /**
   * Of a repository on the server's machine. `worktree`: what is committed (`ref`, else HEAD), on a branch `deckhand/ID`;
   * `copy`: all that lies in the folder.
   */
  z.strictObject({
    repository: z.string().min(1).max(4096),
    as: z.enum(["worktree", "copy"]),
    ref: z.string().min(1).max(255).optional(),
  }),
  /** What was sent to `POST /api/uploads`. */
  z.strictObject({ upload: z.string().min(1).max(100) }),
  /** A copy of what another conversation's own folder holds. */
  z.strictObject({ conversation: z.string().min(1).max(100) }),
  z.strictObject({}),
]);
export type WorkspaceChoice = z.infer<typeof workspaceChoice>;
/** One that names something. */
export type WorkspaceSource = Exclude<WorkspaceChoice, Record<string, never>>;

/** Undefined for `{}`. */
export function workspaceSource(choice: WorkspaceChoice): WorkspaceSource | undefined {
  return Object.keys(choice).length === 0 ? undefined : (choice as WorkspaceSource);
}

/** Who does the work and with what; every key is optional, and one that is missing keeps what is configured. */
export const settingsSchema = z.object({
  model: z.string().optional(),
  /** A folder in the workspace. */
  directory: z.string().optional(),
  workspace: workspaceChoice.optional(),
  agent_cls: z.string().optional(),
  base_url: z.string().optional(),
  /** How much the model thinks, where it can be told. */
  reasoning_effort: z.enum(reasoningEfforts).optional(),
  /** Ask before `run` and `run_ipython`, as the classic clients know it. */
  confirmation_mode: z.boolean().optional(),
  approval: z.enum(approvalPolicies).optional(),
  /** Seconds after which what nobody has answered is denied; with 0 nobody is asked and it is denied at once. */
  approval_seconds: z.number().min(0).max(604_800).optional(),
  max_steps: z.int().min(1).optional(),
  max_cost_usd: z.number().positive().optional(),
  max_seconds: z.number().positive().optional(),
  /** Read and written, of all its model calls together. */
  max_tokens: z.int().min(1).optional(),
  /** MCP servers of this conversation alone, beside those of the server's settings, by name; addresses, no programs and no headers. */
  mcp: conversationMcpServers.optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Whose child a conversation is. Only the server says so; from a client it is dropped. */
export const parentLink = z.object({
  conversation: z.string(),
  /** Id of the `delegate` in it. */
  action: z.int().min(0),
  /** The one without a parent above it; the workspace is its. */
  root: z.string(),
  /** 1 for a child of the root. */
  depth: z.int().min(1),
});
export type ParentLink = z.infer<typeof parentLink>;

export const planTask = z.object({
  title: z.string().min(1),
  status: z.enum(["todo", "in_progress", "done"]).default("todo"),
});

export const actionArgs = {
  /** `parent` of null: a copy, which is nobody's child. */
  initialize: settingsSchema.extend({ parent: parentLink.nullable().optional() }),
  start: z.object({ task: z.string() }),
  message: z.object({
    content: z.string(),
    image_urls: z.array(z.string()).nullable().default(null),
    wait_for_response: z.boolean().default(false),
  }),
  read: z.object({ path, start, end, thought }),
  write: z.object({ path, content: z.string(), start, end, thought }),
  edit: z.object({
    path,
    old_str: z.string(),
    new_str: z.string(),
    replace_all: z.boolean().default(false),
    /** In place of a text: `*** Begin Patch` …, over any number of files, all of it or nothing. `path` is then the first of them. */
    patch: z.string().max(1_048_576).optional(),
    thought,
  }),
  run: z.object({
    command: z.string(),
    /** Seconds until the command goes on as a job, and what it has printed until then is returned. */
    timeout: z.number().positive().max(86_400).optional(),
    /** What happens then; without it it goes on as a job. */
    on_timeout: z.enum(["job", "interrupt"]).optional(),
    /** Starts it as a job and returns at once. */
    background: z.boolean().default(false),
    /** A job with a terminal, for programs that need one; returns when its screen is quiet. */
    tty: z.boolean().optional(),
    /** Its standard input; empty without it. */
    input: z.string().optional(),
    hidden: z.boolean().default(false),
    confirmation_state: confirmationState,
    thought,
  }),
  job: z.object({
    id: z.string().min(1),
    /** Text to type into it; "\n" is Enter. */
    input: z.string().max(maxInputChars).optional(),
    /** Keys to press after that, by name: enter, tab, escape, up, pagedown, ctrl-c, f1 … */
    keys: z.array(z.string().max(20)).max(100).optional(),
    signal: z.enum(jobSignals).optional(),
    /** Seconds to wait for its end, at most. */
    wait: z.number().min(0).max(86_400).optional(),
    rows: screenSide.optional(),
    cols: screenSide.optional(),
    confirmation_state: confirmationState,
    thought,
  }),
  run_ipython: z.object({ code: z.string(), confirmation_state: confirmationState, thought }),
  browse: z.object({ url: z.string().min(1), thought }),
  browse_interactive: z.object({ browser_actions: z.string(), thought }),
  search: z.object({
    pattern: z.string().min(1),
    path: z.string().default("."),
    glob: z.string().optional(),
    thought,
  }),
  think: z.object({ thought: z.string() }),
  plan: z.object({ tasks: z.array(planTask), thought }),
  delegate: z.object({
    agent: z.string(),
    task: z.string().default(""),
    inputs: z.record(z.string(), z.unknown()).default({}),
    thought,
  }),
  call_tool: z.object({
    server: z.string(),
    name: z.string(),
    arguments: z.record(z.string(), z.unknown()).default({}),
    thought,
  }),
  restore: z.object({
    /** Id of the event after which the workspace was as it is to be. */
    at: z.int().min(0),
    /** Also where that takes back what was changed outside the agent's turns. */
    force: z.boolean().default(false),
  }),
  finish: z.object({
    outputs: z.record(z.string(), z.unknown()).default({}),
    /** What the agent says that commands have shown; the server looks them up. */
    checks: z.array(claimedCheck).max(20).optional(),
    /** Filled in by the server, in place of `checks`. */
    evidence: z.array(evidence).optional(),
    /** Filled in by the server. */
    changes: workspaceChanges.optional(),
    thought,
  }),
  reject: z.object({ outputs: z.record(z.string(), z.unknown()).default({}), thought }),
  add_task: z.object({
    parent: z.string().default(""),
    goal: z.string(),
    subtasks: z.array(z.unknown()).default([]),
    thought,
  }),
  modify_task: z.object({ task_id: z.string(), state: z.string(), thought }),
  change_agent_state: z.object({
    agent_state: z.enum(requestableStates),
    /** With `stopped`: jobs end, too. Else they go on. */
    jobs: z.boolean().optional(),
    thought,
  }),
  approve: z.object({
    id: z.int().min(0),
    decision: z.enum(approvalDecisions),
    reason: z.string().default(""),
    /** Who says so, as the client calls them: for the others who look, and proof of nothing. */
    name: z.string().max(80).optional(),
    /** Filled in by the server: what `allow_for_conversation` or `allow_for_server` has it remember. */
    rules: z.array(approvalRule).optional(),
  }),
  allow_host: z.object({
    /** `example.org` (ports 80 and 443), `*.example.org` (below it), `example.org:8443`; with a port also a private address. */
    host: z.string().min(1).max(300),
    /** False takes it back. */
    allowed: z.boolean().default(true),
  }),
  compact: z.object({
    from: z.int().min(0),
    to: z.int().min(0),
    /** `mask`: long outputs alone are left out. `summary`: a summary stands for all of it. */
    how: z.enum(["mask", "summary"]).default("summary"),
    summary: z.string().default(""),
    /** Which model wrote the summary; not there when none could. */
    model: z.string().optional(),
    usage: usageSchema.optional(),
    cost_usd: z.number().min(0).nullable().optional(),
  }),
} as const satisfies Record<string, z.ZodType>;

export type ActionKind = keyof typeof actionArgs;
export type ActionArgs<K extends ActionKind> = z.infer<(typeof actionArgs)[K]>;

/** Actions that do something in the workspace or outside: each gets exactly one observation. */
export const runnableActions = [
  "read",
  "write",
  "edit",
  "run",
  "job",
  "run_ipython",
  "browse",
  "browse_interactive",
  "search",
  "plan",
  "delegate",
  "call_tool",
  "restore",
] as const satisfies readonly ActionKind[];
export type RunnableKind = (typeof runnableActions)[number];

export function isRunnable(kind: string): kind is RunnableKind {
  return (runnableActions as readonly string[]).includes(kind);
}

/** After these the workspace may be another. */
export function mayChangeWorkspace(kind: ActionKind): boolean {
  return isRunnable(kind) && kind !== "read" && kind !== "search" && kind !== "browse" && kind !== "plan";
}

/** Defined so that nobody guesses at their shape; answered with an `error` observation until their tools are here. */
export const unavailableActions = [
  "run_ipython",
  "browse_interactive",
  "delegate",
] as const satisfies readonly ActionKind[];
