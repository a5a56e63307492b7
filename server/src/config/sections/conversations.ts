import { approvalPolicies } from "@deckhand/protocol";
import { join } from "node:path";
import { option, section } from "../option.ts";
import { boolean, choice, integer, number, path, positive, text } from "../value-types.ts";

export const limits = section("Limits", {
  maxSteps: option({
    variable: "MAX_ITERATIONS",
    type: integer(1),
    default: 100,
    saved: (settings) => settings.limits?.max_steps,
    live: true,
    description: "Steps per turn.",
  }),
  maxCostUsd: option({
    variable: "MAX_BUDGET_PER_TASK",
    type: positive(),
    saved: (settings) => settings.limits?.max_cost_usd,
    live: true,
    description: "US dollars per conversation.",
  }),
  maxTokens: option({
    variable: "DECKHAND_MAX_TOKENS",
    type: integer(1),
    saved: (settings) => settings.limits?.max_tokens,
    live: true,
    description: "Tokens per conversation, input and output.",
  }),
  maxSeconds: option({
    variable: "DECKHAND_MAX_SECONDS",
    type: positive(),
    saved: (settings) => settings.limits?.max_seconds,
    live: true,
    description: "Seconds per turn.",
  }),
});

export const approval = section("Approvals", {
  policy: option({
    variable: "DECKHAND_APPROVAL",
    type: choice(approvalPolicies),
    default: "risky",
    saved: (settings) => settings.approval?.policy,
    live: true,
    description: "When an action needs approval: `never`, `risky` (network, outside the workspace) or `always`.",
  }),
  seconds: option({
    variable: "DECKHAND_ASK_SECONDS",
    type: number(0, 604_800),
    default: 3600,
    saved: (settings) => settings.approval?.seconds,
    live: true,
    description:
      "Seconds after which an unanswered action is denied; with 0, nobody is asked and it is denied at once.",
  }),
});

export const agents = section("Agents and conversations", {
  default: option({
    type: text,
    defaultText: "`CodeActAgent`",
    saved: (settings) => settings.agents?.default,
    live: true,
    description: "Agent of conversations that name none.",
  }),
  folder: option({
    type: path,
    default: ({ home }) => join(home, "agents"),
    defaultText: "`agents` in `DECKHAND_HOME`",
    saved: (settings) => settings.agents?.folder,
    description: "Folder with your own agent definitions.",
  }),
  titles: option({
    variable: "DECKHAND_TITLES",
    type: boolean,
    default: true,
    description: "Ask the model for a title after the first turn of a conversation.",
  }),
  resume: option({
    variable: "DECKHAND_RESUME",
    type: choice(["ask", "always"]),
    default: "ask",
    description:
      "What a conversation that was running does after a crash: `ask` waits for a person, `always` continues on its own.",
  }),
});

export const workspace = section("Workspaces", {
  folder: option({
    variable: "WORKSPACE_BASE",
    type: path,
    default: ({ home }) => join(home, "workspace"),
    defaultText: "`workspace` in `DECKHAND_HOME`",
    description: "The default workspace.",
  }),
  checkpoints: option({
    variable: "DECKHAND_CHECKPOINTS",
    deprecatedVariables: ["DECKHAND_SNAPSHOTS"],
    type: boolean,
    default: true,
    description: "Keep checkpoints of the workspace, so that changes can be compared and undone.",
  }),
  setupSeconds: option({
    variable: "DECKHAND_WORKSPACE_SECONDS",
    type: positive(),
    default: 600,
    description: "Seconds that cloning or copying a workspace may take.",
  }),
  maxMib: option({
    variable: "DECKHAND_WORKSPACE_MIB",
    type: positive(),
    default: 4096,
    description: "Maximum size of a cloned or copied workspace, an upload or a zip, in MiB.",
  }),
});
