/** What conversations need from outside; wired by `main`. */
import type { ActionKind, DeckhandError } from "@deckhand/protocol";
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
import type { Resume } from "./recovery/recovery.ts";
import type { ResolveDeps, SessionKey } from "./resolve-agent.ts";
import type { RuntimePool } from "./runtime/runtime-pool.ts";
import type { SubagentCoordinator } from "./subagents/coordinator.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";

export interface ConversationDeps extends ResolveDeps {
  readonly store: Store;
  readonly runtimes: RuntimeFactory;
  readonly workspaces: Workspaces;
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  /** Checkpoints of workspaces; none are taken when left out. */
  readonly checkpoints?: CheckpointStore;
  readonly mcp?: Mcp;
  readonly hooks?: (context: HookContext) => HookPoints;
  /** Instructions that the user gives to every agent. */
  readonly readUserInstructions?: (() => Promise<UserInstructions>) | undefined;
  readonly limits: Limits;
  readonly approval: ApprovalDefaults;
  /** The folder for what a conversation stores outside its log. */
  readonly home: (id: ConversationId) => string;
  readonly now: () => number;
  /** Ask the model for a title after the first turn. Off by default. */
  readonly titles?: boolean;
  /** What happens to work that was interrupted by the end of the server. */
  readonly resume: Resume;
  /** Last sign of life of the previous server, if it was killed; in milliseconds since 1970. */
  readonly aliveMs?: number | undefined;
  /** Reports bugs of ours and failures of the medium; the server goes on. */
  readonly onFault: (conversation: ConversationId, fault: unknown) => void;
}

/** What all conversations of a server share; it outlives their objects. */
export interface SharedState {
  /** API keys that clients sent with their settings. Kept in memory only. */
  readonly sessionKeys: Map<ConversationId, SessionKey>;
  /** The conversations that are busy now. */
  readonly busy: Set<LinkedConversation>;
  readonly runtimePool: RuntimePool;
  /** When left out, agents cannot delegate. */
  readonly subagents?: SubagentCoordinator;
  /** The first hold of a conversation was taken, or its last one released. */
  readonly onHeldChange?: (conversation: LinkedConversation, isHeld: boolean) => void;
  /** Another writer was found for the log of that conversation. */
  readonly onConflict?: (conversation: ConversationId, error: DeckhandError) => void;
}
