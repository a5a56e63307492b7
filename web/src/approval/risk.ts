/** Why an action needs approval, in the language of the UI, and how risky that is. */
import type { ApprovalReason } from "@deckhand/protocol";
import type { Messages } from "../i18n/messages.ts";

export type Risk = "info" | "warn" | "bad";

const risks: Readonly<Record<ApprovalReason, Risk>> = {
  external_tool: "bad",
  network: "warn",
  no_sandbox: "bad",
  outside_workspace: "bad",
  policy_always: "info",
  confirmation_mode: "info",
};

export interface Reason {
  readonly text: string;
  readonly risk: Risk;
}

/** A code of a newer server, for which there is no text, is shown as it is. */
export function reasonsOf(codes: readonly string[], t: Messages): readonly Reason[] {
  return codes.map((code) =>
    isKnown(code) ? { text: t.approval.reasons[code], risk: risks[code] } : { text: code, risk: "warn" },
  );
}

function isKnown(code: string): code is ApprovalReason {
  return Object.hasOwn(risks, code);
}

const riskOrder: readonly Risk[] = ["info", "warn", "bad"];

export function highestRisk(reasons: readonly Reason[]): Risk {
  return riskOrder[Math.max(0, ...reasons.map(({ risk }) => riskOrder.indexOf(risk)))] ?? "info";
}
