/** Decides whether an action of the agent needs an approval, from the action, its effect and the workspace. */
import { posix } from "node:path";
import type {
  AllowingRule,
  ApprovalPolicyName,
  ApprovalReason,
  ApprovalRule,
  ConversationState,
  NewAction,
} from "@deckhand/protocol";
import type { Effect } from "../../tools/tool.ts";
import { findCoveringRules, rulesFor, affectedPaths } from "./rules.ts";

/** The server's defaults, for what a conversation's settings leave open. */
export interface ApprovalDefaults {
  readonly policy: ApprovalPolicyName;
  /** How long a request may wait before it is denied; 0 when nobody is there to answer. */
  readonly seconds: number;
  /** Commands run in a sandbox and reach only allowed hosts. */
  readonly sandboxed: boolean;
}

/** Why an approval is needed, and the rules with which a person could allow such actions from now on. */
export interface ApprovalRequest {
  readonly reasons: readonly ApprovalReason[];
  readonly rules: readonly ApprovalRule[];
  readonly seconds: number;
}

export type PolicyDecision =
  /** May run; `rules` are those without which it would need an approval. */
  | { readonly type: "allow"; readonly rules: readonly AllowingRule[] }
  | { readonly type: "ask"; readonly request: ApprovalRequest };

interface PolicyContext {
  readonly workspace: string;
  readonly state: Pick<ConversationState, "settings" | "rules">;
  readonly defaults: ApprovalDefaults;
  /** Read only if the action would need an approval. */
  readonly serverRules: () => Promise<readonly ApprovalRule[]>;
}

export async function evaluatePolicy(
  action: NewAction,
  effect: Effect,
  { workspace, state, defaults, serverRules }: PolicyContext,
): Promise<PolicyDecision> {
  const reasons = reasonsFor(action, effect, workspace, state, defaults);
  if (reasons.length === 0) return { type: "allow", rules: [] };
  const existing = [...scoped(state.rules, "conversation"), ...scoped(await serverRules(), "server")];
  const covering = await findCoveringRules(action, workspace, existing);
  if (covering !== null) return { type: "allow", rules: covering };
  const rules = await rulesFor(action, workspace);
  const seconds = state.settings.approval_seconds ?? defaults.seconds;
  return { type: "ask", request: { reasons, rules, seconds } };
}

function scoped(rules: readonly ApprovalRule[], scope: AllowingRule["scope"]): AllowingRule[] {
  return rules.map(({ action, pattern }) => ({ action, pattern, scope }));
}

function reasonsFor(
  action: NewAction,
  effect: Effect,
  workspace: string,
  { settings }: Pick<ConversationState, "settings">,
  defaults: ApprovalDefaults,
): readonly ApprovalReason[] {
  const policy = settings.approval ?? defaults.policy;
  const reasons: ApprovalReason[] = [];
  if (policy !== "never") {
    if (effect === "external") reasons.push("external_tool");
    if (effect === "network") reasons.push("network");
    if (effect === "execute" && !defaults.sandboxed) reasons.push("no_sandbox");
    if (effect === "write" && isOutside(action, workspace)) reasons.push("outside_workspace");
  }
  if (policy === "always" && reasons.length === 0) reasons.push("policy_always");
  const confirms = settings.confirmation_mode === true && effect === "execute";
  if (confirms && reasons.length === 0) reasons.push("confirmation_mode");
  return reasons;
}

function isOutside(action: NewAction, workspace: string): boolean {
  return affectedPaths(action).some((path) => {
    const below = posix.relative(workspace, posix.resolve(workspace, path));
    return below === ".." || below.startsWith("../") || posix.isAbsolute(below);
  });
}
