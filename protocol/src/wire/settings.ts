/** The settings of a conversation: the arguments of `initialize`. */
import { z } from "zod";
import { approvalPolicies } from "./approvals.ts";
import { conversationMcpServers } from "./mcp.ts";

/** How much a model thinks before it answers, for models where this can be set. */
export const reasoningEfforts = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

/**
 * Where a conversation works; fixed once it has begun. Everything but `folder` creates a workspace owned by the
 * conversation and deleted with it. `{}` creates an empty one.
 */
export const workspaceChoice = z.union([
  /** This folder itself (an absolute path); created when missing. */
  z.strictObject({ folder: z.string().min(1).max(4096) }),
  /** A shallow clone of `ref` (a branch, tag or commit; by default the default branch). */
  z.strictObject({ git: z.string().min(1).max(2048), ref: z.string().min(1).max(255).optional() }),
  /**
   * From a repository on the server's machine. `worktree`: the committed state of `ref` (by default HEAD), on a branch
   * `deckhand/ID`. `copy`: everything in the folder, committed or not.
   */
  z.strictObject({
    repository: z.string().min(1).max(4096),
    as: z.enum(["worktree", "copy"]),
    ref: z.string().min(1).max(255).optional(),
  }),
  /** The id of files sent to `POST /api/uploads`. */
  z.strictObject({ upload: z.string().min(1).max(100) }),
  /** A copy of another conversation's workspace. */
  z.strictObject({ conversation: z.string().min(1).max(100) }),
  z.strictObject({}),
]);
export type WorkspaceChoice = z.infer<typeof workspaceChoice>;
/** A choice that starts from something existing. */
export type WorkspaceSource = Exclude<WorkspaceChoice, Record<string, never>>;

/** Undefined for `{}`, an empty workspace. */
export function workspaceSource(choice: WorkspaceChoice): WorkspaceSource | undefined {
  return Object.keys(choice).length === 0 ? undefined : (choice as WorkspaceSource);
}

/**
 * The model, agent, workspace and limits of a conversation. Every key is optional; a missing key keeps the current
 * value.
 */
export const settingsSchema = z.object({
  model: z.string().optional(),
  /** A folder in the workspace to work in. */
  directory: z.string().optional(),
  workspace: workspaceChoice.optional(),
  agent_cls: z.string().optional(),
  base_url: z.string().optional(),
  /** How much the model thinks before it answers, where this can be set. */
  reasoning_effort: z.enum(reasoningEfforts).optional(),
  /** Ask before `run` and `run_ipython`, as classic clients expect. */
  confirmation_mode: z.boolean().optional(),
  approval: z.enum(approvalPolicies).optional(),
  /** Seconds after which an unanswered approval is denied. 0 denies at once, without asking. */
  approval_seconds: z.number().min(0).max(604_800).optional(),
  max_steps: z.int().min(1).optional(),
  max_cost_usd: z.number().positive().optional(),
  max_seconds: z.number().positive().optional(),
  /** Input and output tokens of all model calls together. */
  max_tokens: z.int().min(1).optional(),
  /**
   * MCP servers of this conversation, by name, in addition to those of the server: URLs only, no programs, no headers.
   */
  mcp: conversationMcpServers.optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** The parent of a subagent's conversation. Set by the server; dropped when a client sends it. */
export const parentLink = z.object({
  conversation: z.string(),
  /** Id of the parent's `delegate` action. */
  action: z.int().min(0),
  /** The topmost conversation of the tree, which owns the workspace. */
  root: z.string(),
  /** 1 for a child of the root. */
  depth: z.int().min(1),
});
export type ParentLink = z.infer<typeof parentLink>;
