/** What conversations are made of; `main.ts` gives it. */
import type { ActionKind } from "@deckhand/protocol";
import type { ApprovalDefaults } from "../agent/approval/policy.ts";
import type { HookContext, HookPoints } from "../agent/hook-points.ts";
import type { UserInstructions } from "../agent/instructions/user-instructions.ts";
import type { Limits } from "../agent/limits.ts";
import type { Mcp } from "../mcp/mcp.ts";
import type { Workspaces } from "../workspaces/workspaces.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { CheckpointStore } from "../checkpoints/checkpoint-store.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { Store } from "../store/store.ts";
import type { Tool } from "../tools/tool.ts";
import type { ResolveDeps } from "./resolve-agent.ts";
import type { Resume } from "./recovery/recovery.ts";

export interface ConversationDeps extends ResolveDeps {
  readonly store: Store;
  readonly runtimes: RuntimeFactory;
  readonly places: Workspaces;
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  /** What workspaces were; nothing is kept where there is none. */
  readonly histories?: CheckpointStore;
  readonly mcp?: Mcp;
  readonly hooks?: (place: HookContext) => HookPoints;
  /** What the user says to every agent. */
  readonly readUserInstructions?: (() => Promise<UserInstructions>) | undefined;
  readonly limits: Limits;
  readonly approval: ApprovalDefaults;
  /** Folder of what the conversation keeps beside its log. */
  readonly home: (id: ConversationId) => string;
  readonly now: () => number;
  /** Ask the model for a title when the first turn has ended; not done by default. */
  readonly titles?: boolean;
  /** What becomes of work in which the server was killed. */
  readonly resume: Resume;
  /** Last sign of life of the server before this one, where that was killed; in milliseconds since 1970. */
  readonly aliveMs?: number | undefined;
  /** Is told of mistakes of ours and of a medium that fails; the server goes on. */
  readonly onFault: (conversation: ConversationId, fault: unknown) => void;
}
