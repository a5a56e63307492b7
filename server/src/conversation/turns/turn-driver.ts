/**
 * Drives the loop of `agent/turn.ts` for a conversation: stores the events it yields, emits its deltas, resumes it with the
 * state after each append, and stores how it ended. At most one turn runs at a time.
 */
import {
  DeckhandError,
  errorObservation,
  isWorking,
  type Action,
  type ActionKind,
  type ConversationState,
  type Delta,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import type { Agent } from "../../agent/agents.ts";
import { limitReached, tightenLimits, type LimitReached, type Limits } from "../../agent/limits.ts";
import { withTrainedTools } from "../../agent/apply-patch.ts";
import { Prompt } from "../../agent/context/prompt.ts";
import { promptSize, type PromptSize } from "../../agent/context/prompt-size.ts";
import { endEvents, type TurnDeps, type TurnEnd, type View } from "../../agent/turn-types.ts";
import { runTurn } from "../../agent/turn.ts";
import type { Model } from "../../llm/model.ts";
import type { Delegate, Tool } from "../../tools/tool.ts";
import { logPages } from "../log-pages.ts";

interface DrivenConversation {
  readonly state: ConversationState;
  read(after: number, limit: number): Promise<readonly Event[]>;
}

interface TurnDriverDeps {
  readonly conversation: DrivenConversation;
  /** Stores what the function returns at its turn in the mailbox; an empty list stores nothing. */
  readonly append: (events: (firstId: number) => readonly NewEvent[]) => Promise<readonly Event[]>;
  readonly emit: (delta: Delta) => void;
  /** The agent and the model for a turn; a `DeckhandError` ends the turn with its sentence. */
  readonly prepare: (signal: AbortSignal) => Promise<{ readonly agent: Agent; readonly model: Model }>;
  readonly runtime: TurnDeps["runtime"];
  readonly instructions: TurnDeps["instructions"];
  readonly changesSince: TurnDeps["changesSince"];
  readonly limits: Limits;
  readonly limitAbove: () => Promise<LimitReached | null>;
  readonly delegate: Delegate;
  readonly now: () => number;
  readonly policy: TurnDeps["policy"];
  readonly hooks?: TurnDeps["hooks"];
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  readonly onFault: (fault: unknown) => void;
}

export class TurnDriver {
  readonly #deps: TurnDriverDeps;
  /** Exists while a turn runs, and has taken in the log up to the state's head. An idle conversation keeps no prompt. */
  #prompt: Prompt | undefined;
  #promptHead = -1;
  #closed = false;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(deps: TurnDriverDeps) {
    this.#deps = deps;
  }

  /** Starts a turn unless one is running; one that is about to end checks for new work and starts over by itself. */
  start(): void {
    if (this.#running !== undefined || this.#closed) return;
    const stop = new AbortController();
    const done = this.#drive(stop.signal).then(
      () => true,
      (fault: unknown) => {
        this.#deps.onFault(fault);
        return false;
      },
    );
    this.#running = {
      stop,
      done: done.then((hasEnded) => {
        this.#running = undefined;
        this.#prompt = undefined;
        // New work may have arrived while the turn was ending. If nothing can be stored, it is not tried again.
        if (hasEnded && isWorking(this.#deps.conversation.state.agentState)) this.start();
      }),
    };
  }

  /** Aborts the model call and the command; resolves when the turn has ended. */
  async stop(): Promise<void> {
    this.#running?.stop.abort(new Error("stopped"));
    await this.#running?.done;
    // An action that was approved at the moment of the stop has not begun, and no turn will produce its observation.
    if (this.#unanswered().length > 0)
      await this.#deps.append(() => (this.#running === undefined ? this.#closeUnanswered() : []));
  }

  /** Stops, and starts no other turn. */
  close(): Promise<void> {
    this.#closed = true;
    return this.stop();
  }

  /** To be called for everything that is stored. */
  onEvents(events: readonly Event[]): void {
    for (const event of events) this.#addToPrompt(event);
  }

  async #drive(signal: AbortSignal): Promise<void> {
    let end: TurnEnd;
    try {
      end = await this.#turn(signal);
    } catch (fault) {
      if (fault instanceof DeckhandError && fault.code === "store_failed") throw fault;
      end = endOf(fault);
      if (end.type === "halted" && end.code === "internal") this.#deps.onFault(fault);
    }
    await this.#deps.append(() => this.#closingEvents(end));
  }

  async #turn(signal: AbortSignal): Promise<TurnEnd> {
    const { conversation, append, emit, now } = this.#deps;
    const { agent: prepared, model } = await this.#deps.prepare(signal);
    const agent = withTrainedTools(prepared, model.name);
    const prompt = await this.#readPrompt(promptSize(agent, model));
    const limits = tightenLimits(this.#deps.limits, agent.definition?.limits ?? {});
    const view = (stored: readonly Event[]): View => ({ state: conversation.state, prompt, stored });
    const deps: TurnDeps = {
      model,
      agent,
      runtime: this.#deps.runtime,
      policy: this.#deps.policy,
      limits: async (state) => limitReached(state, limits, now()) ?? (await this.#deps.limitAbove().catch(() => null)),
      instructions: this.#deps.instructions,
      hooks: this.#deps.hooks,
      changesSince: this.#deps.changesSince,
      delegate: this.#deps.delegate,
      now,
    };
    const turn = runTurn(view([]), deps, signal);
    let step = await turn.next();
    while (!step.done) {
      if (step.value.type === "delta") {
        emit(step.value.delta);
        step = await turn.next(view([]));
      } else {
        const { events } = step.value;
        step = await turn.next(view(await append((firstId) => events(firstId, conversation.state))));
      }
    }
    return step.value;
  }

  /** Decided in the mailbox, so that a message that arrives at the last moment is not overlooked. */
  #closingEvents(end: TurnEnd): readonly NewEvent[] {
    const { agentState, queued } = this.#deps.conversation.state;
    // If the agent was paused after its final answer, there is nothing left to continue.
    const hasEnded = agentState === "paused" && end.type === "completed" && queued.length === 0;
    if (!isWorking(agentState) && !hasEnded) return [];
    // The next turn takes in the message and checks again what stood in its way: limits and loops start anew or are reported.
    const hasFailed = end.type === "halted" && end.agentState === "error";
    if (queued.length > 0 && !hasFailed) return [];
    return [...this.#closeUnanswered(hasFailed), ...endEvents(end)];
  }

  /** The agent's actions that get no observation once no turn is running. An approved action waits for the next turn. */
  #unanswered(includeApproved = false): readonly Action[] {
    const { open, awaiting, approved } = this.#deps.conversation.state;
    return open.filter(
      ({ id, source }) => source === "agent" && id !== awaiting?.id && (includeApproved || id !== approved),
    );
  }

  #closeUnanswered(includeApproved = false): readonly NewEvent[] {
    return this.#unanswered(includeApproved).map(({ id, tool_call }) =>
      errorObservation("agent", "interrupted", undefined, { cause: id, tool_call }),
    );
  }

  async #readPrompt(size: PromptSize): Promise<Prompt> {
    const prompt = new Prompt(this.#deps.tools, size);
    this.#promptHead = -1;
    this.#prompt = prompt;
    const { conversation } = this.#deps;
    for await (const page of logPages((after, limit) => conversation.read(after, limit))) {
      for (const event of page) this.#addToPrompt(event);
    }
    return prompt;
  }

  /** Takes in each event once and in order: events that are stored while the log is being read come from the log. */
  #addToPrompt(event: Event): void {
    if (this.#prompt === undefined || event.id !== this.#promptHead + 1) return;
    this.#prompt.add(event);
    this.#promptHead = event.id;
  }
}

function endOf(fault: unknown): TurnEnd {
  return fault instanceof DeckhandError
    ? { type: "halted", agentState: "error", code: fault.code, message: fault.message }
    : {
        type: "halted",
        agentState: "error",
        code: "internal",
        message: "An internal error occurred; see the server log.",
      };
}
