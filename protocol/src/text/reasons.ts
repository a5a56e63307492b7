/** Sentences for codes that the server sends; clients with their own languages translate the codes instead. */
import type { ApprovalReason } from "../wire/approvals.ts";
import type { RefusedHost } from "../wire/processes.ts";

const approvalReasonSentences: Readonly<Record<ApprovalReason, string>> = {
  external_tool: "It runs on an MCP server, outside the sandbox.",
  network: "It accesses the network.",
  no_sandbox: "It runs without a sandbox.",
  outside_workspace: "It writes outside the workspace.",
  policy_always: "The policy asks before every action.",
  confirmation_mode: "The conversation asks before every command.",
};

/** Why an action needs approval. A code of a newer server is shown as it is. */
export function approvalReasonSentence(reason: ApprovalReason): string {
  return (approvalReasonSentences as Readonly<Record<string, string | undefined>>)[reason] ?? reason;
}

/** Why a connection was refused, without a final period. */
export function refusalSentence({ host, port, reason }: RefusedHost): string {
  switch (reason) {
    case "not_listed":
      return `${host}:${port} is not on the list of allowed hosts`;
    case "private_address":
      return `${host}:${port} is an address of this machine or a private network`;
    case "bad_name":
      return `${host} is not a valid host name`;
    case "other_server":
      return `a tunnel requested the server ${host}, which is not the host that it was opened for`;
    case "too_many":
      return `${host}:${port}: too many open connections`;
  }
}
