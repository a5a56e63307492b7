/** Creates a conversation's collaborators, each with only what it needs. */
import { DeckhandError, isWorking, type ActionKind, type ConversationState, type NewEvent } from "@deckhand/protocol";
import { evaluatePolicy } from "../agent/approval/policy.ts";
import type { Agent } from "../agent/agents.ts";
import { instructionReader } from "../agent/instructions/workspace-files.ts";
import type { Model } from "../llm/model.ts";
import type { Delegate, Tool } from "../tools/tool.ts";
import { ApprovalTimer } from "./approvals/approval-timer.ts";
import type { ConversationLog } from "./conversation-log.ts";
import type { ConversationDeps, SharedState } from "./deps.ts";
import { Checkpoints } from "./history/checkpoints.ts";
import { WorkspaceHistory } from "./history/workspace-history.ts";
import type { Holds } from "./holds.ts";
import { LiveDeltas } from "./live-deltas.ts";
import { resolveAgent, resolveModel } from "./resolve-agent.ts";
import { EndedJobs } from "./runtime/ended-jobs.ts";
import { LazyRuntime } from "./runtime/lazy-runtime.ts";
import { Workspace } from "./runtime/workspace.ts";
import { withDefinedApproval } from "./subagents/inherit-approval.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";
import { withoutDelegateAtMaxDepth } from "./subagents/spawn.ts";
import { ConversationTerminals } from "./terminals/terminals.ts";
import { McpTools } from "./turns/mcp-tools.ts";
import { Titles } from "./turns/titles.ts";
import { TurnDriver } from "./turns/turn-driver.ts";
import { UserActions } from "./turns/user-actions.ts";

interface ComponentsDeps {
  readonly conversation: LinkedConversation;
  readonly log: ConversationLog;
  readonly holds: Holds;
  readonly deps: ConversationDeps;
  readonly shared: SharedState;
  readonly isClosing: () => boolean;
  /** Nobody has answered the approval of that action in time. */
  readonly onApprovalExpired: (awaiting: number) => void;
}

export type Components = ReturnType<typeof createComponents>;

export function createComponents(host: ComponentsDeps) {
  const { conversation, log, holds, deps, shared, isClosing } = host;
  const { id } = conversation;
  const state = (): ConversationState => log.state;
  const read = log.read.bind(log);
  const append = (event: NewEvent): Promise<unknown> => log.enqueueAppend(() => [event]);
  const appendAll = (events: readonly NewEvent[]): Promise<unknown> => log.enqueueAppend(() => events);
  const onFault = (fault: unknown): void => deps.onFault(id, fault);
  const delegate: Delegate = (args, action, signal) => {
    if (shared.subagents === undefined) throw new DeckhandError("not_available", "Agents cannot delegate here.");
    return shared.subagents.delegate(conversation, args, action, signal);
  };

  const liveDeltas = new LiveDeltas();
  const emit = liveDeltas.add.bind(liveDeltas);
  const workspace = new Workspace({
    conversation: log.state.parent?.root ?? id,
    workspaces: deps.workspaces,
    settings: () => log.state.settings,
    isWorking: () => isWorking(log.state.agentState),
    append,
    holds,
    onFault,
  });
  const agent = (): Agent => resolveAgent(log.state.settings, deps, workspace.path);
  const model = (by: Agent): Promise<Model> => resolveModel(by, log.state.settings, shared.sessionKeys.get(id), deps);

  const endedJobs = new EndedJobs({ append: log.enqueueAppend.bind(log), isClosing, onFault });
  const runtime = new LazyRuntime({
    create: async () => {
      await workspace.ready();
      const created = await deps.runtimes.create({
        workspace: workspace.path,
        home: deps.home(id),
        allowedHosts: () => log.state.allowedHosts,
        onProgress: (text) => emit({ of: "runtime", text }),
      });
      created.jobs.onEnd((job, last) => endedJobs.add(job, last));
      return created;
    },
    isNeeded: () => needsRuntime(log.state) || userActions.size > 0,
    pool: shared.runtimePool,
    holds,
    onFault,
  });
  const startRuntime = runtime.start.bind(runtime);
  const terminals = new ConversationTerminals({
    runtime: startRuntime,
    append: (events) => log.enqueueAppend((now) => events(now.head + 1)),
    isClosing,
    onFault,
  });

  const checkpoints = new Checkpoints({
    id,
    store: deps.checkpoints,
    runtime: startRuntime,
    state,
    index: deps.store.checkpointIndex,
    append,
    now: deps.now,
    typed: () => terminals.typed,
  });
  const history = new WorkspaceHistory({ id, state, checkpoints });
  const runtimeFor = checkpoints.runtimeFor.bind(checkpoints);

  const userActions = new UserActions({ runtime: runtimeFor, delegate, append: appendAll, emit, onFault });
  const approvalTimer = new ApprovalTimer(deps.now, host.onApprovalExpired);
  const titles = new Titles({
    limits: deps.limits,
    model: async () => {
      const chosen = await model(agent());
      return (await chosen.small?.()) ?? chosen;
    },
    read,
    isWanted: async () => (await deps.store.row(id))?.title === log.state.title,
    append,
    holds,
  });
  const mcpTools =
    deps.mcp &&
    new McpTools({
      mcp: deps.mcp,
      tool: deps.tools.get("call_tool") as Tool<"call_tool"> | undefined,
      state,
      read,
      append: appendAll,
    });
  const turn = new TurnDriver({
    conversation,
    append: (events) => log.enqueueAppend((now) => events(now.head + 1)),
    emit,
    limits: deps.limits,
    limitAbove: async () => (await shared.subagents?.limitAbove(log.state)) ?? null,
    delegate,
    now: deps.now,
    policy: async (action, tool) =>
      evaluatePolicy(action, tool.effect(action.args as never), {
        workspace: workspace.path,
        state: withDefinedApproval(
          (await shared.subagents?.effectiveApproval(log.state)) ?? log.state,
          agent(),
          deps.approval,
        ),
        defaults: deps.approval,
        serverRules: () => deps.store.rules.list(),
      }),
    hooks: deps.hooks?.({ conversation: id, workspace: () => workspace.path, runtime: startRuntime }),
    tools: deps.tools,
    prepare: async (signal) => {
      const named = agent();
      await workspace.ready();
      // Started while the model thinks; whatever needs the sandbox first meets its failure.
      startRuntime().then(
        (started) => started.start().catch(() => {}),
        () => {},
      );
      const equipped = (await mcpTools?.equip(named, signal)) ?? named;
      return { agent: withoutDelegateAtMaxDepth(equipped, log.state), model: await model(equipped) };
    },
    runtime: runtimeFor,
    changesSince: deps.checkpoints === undefined ? undefined : history.changesSince.bind(history),
    instructions: {
      workspace: instructionReader(deps.runtimes.runReadOnly, () => workspace.path, startRuntime),
      user: deps.readUserInstructions,
    },
    onFault,
  });
  /** The tools that clients can call themselves. */
  const userTools = (): ReadonlyMap<ActionKind, Tool> => {
    const extra = [history.restoreTool, mcpTools?.tool].filter((tool) => tool !== undefined);
    return new Map([...deps.tools, ...extra.map((tool) => [tool.action, tool as unknown as Tool] as const)]);
  };
  return {
    userTools,
    liveDeltas,
    workspace,
    runtime,
    endedJobs,
    terminals,
    checkpoints,
    history,
    userActions,
    approvalTimer,
    titles,
    mcpTools,
    turn,
  };
}

/** Whether something depends on the very sandbox that runs now. */
function needsRuntime({ agentState, awaiting, jobs, terminals }: ConversationState): boolean {
  // An action that waits for approval was shown with this shell's directory.
  return isWorking(agentState) || awaiting !== null || jobs.length + terminals.length > 0;
}
