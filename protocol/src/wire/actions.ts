/**
 * Actions: what a client, the agent or the server wants done, with the arguments of each. Parsing fills in defaults, so
 * every argument that has one is present in what the server sends. Unknown arguments are dropped.
 */
import { z } from "zod";
import { approvalDecisions, approvalRule } from "./approvals.ts";
import { claimedCheck, evidence, workspaceChanges } from "./evidence.ts";
import { jobSignals } from "./processes.ts";
import { parentLink, settingsSchema } from "./settings.ts";
import { requestableStates } from "./states.ts";
import { usageSchema } from "./usage.ts";

const thought = z.string().default("");
const path = z.string().min(1);
/** A line range: `start` counts from 0, `end` is exclusive, -1 means the end of the file. */
const start = z.int().min(0).default(0);
const end = z.int().min(-1).default(-1);
const confirmationState = z.enum(["confirmed", "rejected", "awaiting_confirmation"]).default("confirmed");

const maxInputChars = 65_536;
const screenSide = z.int().min(2).max(500);

export const planTask = z.object({
  title: z.string().min(1),
  status: z.enum(["todo", "in_progress", "done"]).default("todo"),
});

export const actionArgs = {
  /** A null `parent` marks a copy of a subagent's log as a conversation of its own. */
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
    /**
     * Instead of `old_str` and `new_str`: `*** Begin Patch` …, for any number of files, applied as a whole or not at
     * all; `path` is the first of them.
     */
    patch: z.string().max(1_048_576).optional(),
    thought,
  }),
  run: z.object({
    command: z.string(),
    /** Seconds until the command becomes a background process and its output so far is returned. */
    timeout: z.number().positive().max(86_400).optional(),
    /** What to do at the timeout; by default `job`. */
    on_timeout: z.enum(["job", "interrupt"]).optional(),
    /** Start it as a background process and return at once. */
    background: z.boolean().default(false),
    /**
     * Start it as a background process with a terminal, for programs that need one; returns once the screen is quiet.
     */
    tty: z.boolean().optional(),
    /** Its standard input; empty by default. */
    input: z.string().optional(),
    hidden: z.boolean().default(false),
    confirmation_state: confirmationState,
    thought,
  }),
  job: z.object({
    id: z.string().min(1),
    /** Text to type; "\n" is Enter. */
    input: z.string().max(maxInputChars).optional(),
    /** Keys to press after that, by name: enter, tab, escape, up, pagedown, ctrl-c, f1 … */
    keys: z.array(z.string().max(20)).max(100).optional(),
    signal: z.enum(jobSignals).optional(),
    /** Maximum seconds to wait for its end. */
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
    /** Id of the event whose workspace to restore. */
    at: z.int().min(0),
    /** Restore even if that reverts changes made outside the agent's turns. */
    force: z.boolean().default(false),
  }),
  finish: z.object({
    outputs: z.record(z.string(), z.unknown()).default({}),
    /** Claims with the commands that show them; the server checks each against its log. */
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
    /** With `stopped`: also end background processes, which otherwise keep running. */
    jobs: z.boolean().optional(),
    thought,
  }),
  approve: z.object({
    id: z.int().min(0),
    decision: z.enum(approvalDecisions),
    reason: z.string().default(""),
    /** A display name for the person answering; unverified. */
    name: z.string().max(80).optional(),
    /** Filled in by the server: the rules that `allow_for_conversation` or `allow_for_server` added. */
    rules: z.array(approvalRule).optional(),
  }),
  allow_host: z.object({
    /**
     * `example.org` (ports 80 and 443), `*.example.org` (its subdomains), or `example.org:8443`; a private address
     * needs a port.
     */
    host: z.string().min(1).max(300),
    /** False revokes it. */
    allowed: z.boolean().default(true),
  }),
  compact: z.object({
    from: z.int().min(0),
    to: z.int().min(0),
    /** `prune`: only long outputs are dropped. `summary`: everything is replaced by a summary. */
    how: z.enum(["prune", "summary"]).default("summary"),
    summary: z.string().default(""),
    /** The model that wrote the summary; missing when no model could. */
    model: z.string().optional(),
    usage: usageSchema.optional(),
    cost_usd: z.number().min(0).nullable().optional(),
  }),
} as const satisfies Record<string, z.ZodType>;

export type ActionKind = keyof typeof actionArgs;
export type ActionArgs<K extends ActionKind> = z.infer<(typeof actionArgs)[K]>;
