/** Approvals: when a person is asked before the agent acts, and what they may answer. */
import { z } from "zod";

/** When a person is asked: never, for risky actions, or for every action. */
export const approvalPolicies = ["never", "risky", "always"] as const;
export type ApprovalPolicyName = (typeof approvalPolicies)[number];

/**
 * Why an action needs approval. `external_tool`: an MCP server runs it, outside the sandbox. `network`: it accesses the
 * network. `no_sandbox`: it runs without a sandbox. `outside_workspace`: it writes outside the workspace.
 * `policy_always`: the policy asks before every action. `confirmation_mode`: the conversation asks before every
 * command.
 */
export const approvalReasons = [
  "external_tool",
  "network",
  "no_sandbox",
  "outside_workspace",
  "policy_always",
  "confirmation_mode",
] as const;
export type ApprovalReason = (typeof approvalReasons)[number];

/**
 * What a person has allowed from now on, in a conversation or on the whole server. `pattern` depends on the action: for
 * `run`, the words of a command, optionally with ` *` at the end for any further arguments; for `browse`, an origin;
 * for files, a path; otherwise `*`.
 */
export const approvalRule = z.object({ action: z.string(), pattern: z.string() });
export type ApprovalRule = z.infer<typeof approvalRule>;

/** A rule that allowed an action without asking, and where it comes from. */
export const allowingRule = approvalRule.extend({ scope: z.enum(["conversation", "server"]) });
export type AllowingRule = z.infer<typeof allowingRule>;

/** `allow` holds for this action only. */
export const approvalDecisions = ["allow", "allow_for_conversation", "allow_for_server", "deny"] as const;

/** Why an action waits for approval, how long, and what happens when nobody answers. */
export const approvalDetails = z.object({
  reasons: z.array(z.enum(approvalReasons)),
  /** What `allow_for_conversation` and `allow_for_server` add. Empty: the action can only be allowed once. */
  rules: z.array(approvalRule),
  expires_at: z.iso.datetime(),
  default: z.literal("deny"),
  /** The shell's directory at the time of asking; the action is refused if the shell has moved since. */
  cwd: z.string().optional(),
});
export type ApprovalDetails = z.infer<typeof approvalDetails>;
