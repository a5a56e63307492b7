/**
 * Drives the loop of `agent/turn.ts` for a conversation: stores what it yields, shows its deltas, resumes it with the
 * state as it then is, and stores how it ended. At most one turn runs at a time.
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

interface Driven {
  readonly state: ConversationState;
  read(after: number, limit: number): Promise<readonly Event[]>;
}

interface TurnDriverDeps {
  readonly conversation: Driven;
  /** Stores what the function makes when its time has come; nothing for an empty list. */
  readonly append: (events: (firstId: number) => readonly NewEvent[]) => Promise<readonly Event[]>;
  readonly emit: (delta: Delta) => void;
  /** Who does the turn and with what; a `DeckhandError` ends the turn with its sentence. */
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
  /** Is there while a turn runs, and has taken in the log up to the state's head. At rest nothing is held. */
  #prompt: Prompt | undefined;
  #promptHead = -1;
  #closed = false;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(deps: TurnDriverDeps) {
    this.#deps = deps;
  }

  /** Starts a turn unless one runs; one that is about to end looks again and starts over by itself. */
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
      done: done.then((whole) => {
        this.#running = undefined;
        this.#prompt = undefined;
        // Somebody may have asked for work while the turn was ending. Where nothing can be stored, it is not tried again.
        if (whole && isWorking(this.#deps.conversation.state.agentState)) this.start();
      }),
    };
  }

  /** Aborts the model call and the command; resolves when the turn has ended. */
  async stop(): Promise<void> {
    this.#running?.stop.abort(new Error("stopped"));
    await this.#running?.done;
    // What was approved in the moment of the stop has not begun, and no turn will answer it.
    if (this.#left().length > 0) await this.#deps.append(() => (this.#running === undefined ? this.#closeLeft() : []));
  }

  /** Stops, and starts no other turn. */
  close(): Promise<void> {
    this.#closed = true;
    return this.stop();
  }

  /** Is told of everything that was stored, by whomever. */
  onEvents(events: readonly Event[]): void {
    for (const event of events) this.#take(event);
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
    await this.#deps.append(() => this.#closing(end));
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

  /** Decided inside the mailbox, so that a message which comes in the last moment is not left lying. */
  #closing(end: TurnEnd): readonly NewEvent[] {
    const { agentState, queued } = this.#deps.conversation.state;
    // Paused behind the agent's last word there is nothing left to go on with.
    const hasEnded = agentState === "paused" && end.type === "completed" && queued.length === 0;
    if (!isWorking(agentState) && !hasEnded) return [];
    // The next turn takes it in, and looks again at what stood in the way: limits and circles begin anew, or are told again.
    const hasFailed = end.type === "halted" && end.agentState === "error";
    if (queued.length > 0 && !hasFailed) return [];
    return [...this.#closeLeft(hasFailed), ...endEvents(end)];
  }

  /** The agent's actions that nobody will answer once no turn runs; what was approved waits for the next turn. */
  #left(approvedToo = false): readonly Action[] {
    const { open, awaiting, approved } = this.#deps.conversation.state;
    return open.filter(
      ({ id, source }) => source === "agent" && id !== awaiting?.id && (approvedToo || id !== approved),
    );
  }

  #closeLeft(approvedToo = false): readonly NewEvent[] {
    return this.#left(approvedToo).map(({ id, tool_call }) =>
      errorObservation("agent", "interrupted", undefined, { cause: id, tool_call }),
    );
  }

  async #readPrompt(size: PromptSize): Promise<Prompt> {
    const prompt = new Prompt(this.#deps.tools, size);
    this.#promptHead = -1;
    this.#prompt = prompt;
    const { conversation } = this.#deps;
    for await (const page of logPages((after, limit) => conversation.read(after, limit))) {
      for (const event of page) this.#take(event);
    }
    return prompt;
  }

  /** Takes each event once and in order: those that are stored while the log is being read come from the log. */
  #take(event: Event): void {
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
        message: "The server made a mistake; its log tells more.",
      };
}
