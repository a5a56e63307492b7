/** What a conversation is made of beside its log, each part with what it may know of the others. */
import { DeckhandError, isWorking, type ConversationState, type Delta } from "@deckhand/protocol";
import { evaluatePolicy } from "../agent/approval/policy.ts";
import type { Agent } from "../agent/agents.ts";
import { instructionReader } from "../agent/instructions/workspace-files.ts";
import type { Model } from "../llm/model.ts";
import type { Delegate, Tool } from "../tools/tool.ts";
import { withoutDelegateAtMaxDepth } from "./subagents/spawn.ts";
import type { SubagentCoordinator } from "./subagents/coordinator.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";
import { withDefinedApproval } from "./subagents/inherit-approval.ts";
import { resolveAgent, resolveModel } from "./resolve-agent.ts";
import { ApprovalTimer } from "./approvals/approval-timer.ts";
import type { ConversationDeps } from "./deps.ts";
import type { RuntimePool } from "./runtime/runtime-pool.ts";
import type { EndedJobs } from "./runtime/ended-jobs.ts";
import { LazyRuntime } from "./runtime/lazy-runtime.ts";
import type { ConversationLog } from "./log.ts";
import type { SessionKey } from "./own-key.ts";
import { WorkspaceHistory } from "./history/workspace-history.ts";
import { McpTools } from "./turns/mcp-tools.ts";
import { Checkpoints } from "./history/checkpoints.ts";
import { ConversationTerminals } from "./terminals/terminals.ts";
import { Titles } from "./turns/titles.ts";
import { TurnDriver } from "./turns/turn-driver.ts";
import { UserActions } from "./turns/user-actions.ts";
import { Workspace } from "./runtime/workspace.ts";

export interface ComponentsDeps {
  readonly conversation: LinkedConversation;
  readonly log: ConversationLog;
  readonly deps: ConversationDeps;
  readonly shells: RuntimePool;
  /** Without it nothing can be handed to other agents. */
  readonly family: SubagentCoordinator | undefined;
  readonly jobEnds: EndedJobs;
  readonly apiKey: () => SessionKey | undefined;
  readonly emit: (delta: Delta) => void;
  readonly isClosing: () => boolean;
  /** Something counts on its shell. */
  readonly needsShell: () => boolean;
  readonly onJobEnd: () => void;
  /** Nobody has answered in time. */
  readonly onExpired: (waiting: number) => void;
}

export type Components = ReturnType<typeof createComponents>;

export function createComponents(own: ComponentsDeps) {
  const { conversation, log, deps, shells, family, jobEnds, emit } = own;
  const { id } = conversation;
  const state = (): ConversationState => log.state;
  const read = log.read.bind(log);
  const onFault = (fault: unknown): void => deps.onFault(id, fault);
  const delegate: Delegate = (args, action, signal) => {
    if (family === undefined) throw new DeckhandError("not_available", "No agents can be asked here.");
    return family.delegate(conversation, args, action, signal);
  };

  const workspace = new Workspace({
    conversation: log.state.parent?.root ?? id,
    places: deps.places,
    settings: () => log.state.settings,
    isAtWork: () => isWorking(log.state.agentState),
    append: (event) => log.enqueueAppend(() => [event]),
    onFault,
  });
  const agent = (): Agent => resolveAgent(log.state.settings, deps, workspace.path);
  const model = (by: Agent): Promise<Model> => resolveModel(by, log.state.settings, own.apiKey(), deps);

  const runtime = new LazyRuntime({
    create: async () => {
      await workspace.ready();
      const made = await deps.runtimes.create({
        workspace: workspace.path,
        home: deps.home(id),
        allowedHosts: () => log.state.allowedHosts,
        onStage: (text) => emit({ of: "runtime", text }),
      });
      made.jobs.onEnd((job, last) => {
        jobEnds.add(job, last);
        own.onJobEnd();
      });
      return made;
    },
    isNeeded: own.needsShell,
    shells,
    onFault,
  });
  const terminals = new ConversationTerminals({
    runtime: () => runtime.start(),
    append: (events) => log.enqueueAppend((now) => events(now.head + 1)),
    isClosing: own.isClosing,
    onFault,
  });
  const snapshots = new Checkpoints({
    id,
    histories: deps.histories,
    runtime: () => runtime.start(),
    state,
    read,
    append: (event) => log.enqueueAppend(() => [event]),
    now: deps.now,
    typed: () => terminals.typed,
  });
  const past = new WorkspaceHistory(snapshots);
  const runtimeFor = snapshots.runtimeFor.bind(snapshots);
  const userActions = new UserActions({
    runtime: runtimeFor,
    delegate,
    append: (events) => log.enqueueAppend(() => events),
    emit,
    onFault,
  });
  const deadline = new ApprovalTimer(deps.now, own.onExpired);
  const titles = new Titles({
    limits: deps.limits,
    model: async () => {
      const chosen = await model(agent());
      return (await chosen.small?.()) ?? chosen;
    },
    read,
    isWanted: async () => (await deps.store.row(id))?.title === log.state.title,
    append: (event) => log.enqueueAppend(() => [event]),
  });
  const serverTools =
    deps.mcp &&
    new McpTools({
      mcp: deps.mcp,
      tool: deps.tools.get("call_tool") as Tool<"call_tool"> | undefined,
      state,
      read,
      append: (events) => log.enqueueAppend(() => events),
    });
  const turn = new TurnDriver({
    conversation,
    append: (events) => log.enqueueAppend((now) => events(now.head + 1)),
    emit,
    limits: deps.limits,
    limitAbove: async () => (await family?.limitAbove(log.state)) ?? null,
    delegate,
    now: deps.now,
    policy: async (action, tool) =>
      evaluatePolicy(action, tool.effect(action.args as never), {
        workspace: workspace.path,
        state: withDefinedApproval((await family?.effectiveApproval(log.state)) ?? log.state, agent(), deps.approval),
        defaults: deps.approval,
        serverRules: () => deps.store.rules.list(),
      }),
    hooks: deps.hooks?.({ conversation: id, workspace: () => workspace.path, runtime: () => runtime.start() }),
    tools: deps.tools,
    prepare: async (signal) => {
      const named = agent();
      await workspace.ready();
      // Started while the model thinks; whoever needs it meets its failure.
      runtime.start().then(
        (started) => started.start().catch(() => {}),
        () => {},
      );
      const equipped = (await serverTools?.equip(named, signal)) ?? named;
      return { agent: withoutDelegateAtMaxDepth(equipped, log.state), model: await model(equipped) };
    },
    runtime: runtimeFor,
    changesSince: deps.histories === undefined ? undefined : past.changesSince.bind(past),
    instructions: {
      workspace: instructionReader(
        deps.runtimes.look,
        () => workspace.path,
        () => runtime.start(),
      ),
      user: deps.readUserInstructions,
    },
    onFault,
  });
  return { workspace, runtime, terminals, snapshots, past, userActions, deadline, titles, serverTools, turn };
}
