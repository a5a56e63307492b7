/** Why it is asked, in the language of the page, and how much that should worry. */
import type { Messages } from "../i18n/i18n.ts";

export type Risk = "info" | "warn" | "bad";

/** As server/src/agent/approval/policy.ts says them. */
export const known: Readonly<
  Record<string, { readonly key: keyof Messages["approval"]["reasons"]; readonly risk: Risk }>
> = {
  "An MCP server does it, outside of the sandbox.": { key: "foreign", risk: "bad" },
  "It reaches the network.": { key: "network", risk: "warn" },
  "It runs without a sandbox.": { key: "unsandboxed", risk: "bad" },
  "It writes outside the workspace.": { key: "outside", risk: "bad" },
  "Every action is asked about.": { key: "every", risk: "info" },
  "Commands are asked about.": { key: "commands", risk: "info" },
};

export interface Reason {
  readonly text: string;
  readonly risk: Risk;
}

/** Reasons that have no translation are shown as the server sent them. */
export function reasonsOf(reasons: readonly string[], t: Messages): readonly Reason[] {
  return reasons.map((reason) => {
    const found = known[reason];
    return found === undefined
      ? { text: reason, risk: "warn" }
      : { text: t.approval.reasons[found.key], risk: found.risk };
  });
}

const order: readonly Risk[] = ["info", "warn", "bad"];

export function worst(reasons: readonly Reason[]): Risk {
  return order[Math.max(0, ...reasons.map(({ risk }) => order.indexOf(risk)))] ?? "info";
}
