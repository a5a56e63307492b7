/**
 * For the property tests of histories: random conversations, run by the real loop, cut anywhere, recovered as after a
 * crash, and resumed. Every request to the model is recorded, with the length of the log at that time.
 */
import fc from "fast-check";
import {
  action,
  DeckhandError,
  emptyState,
  fold,
  observation,
  stateChange,
  type Event,
  type NewEvent,
  type ReplyPart,
} from "@deckhand/protocol";
import { answerEvents } from "../conversation/approvals/answer.ts";
import { recoveryEvents } from "../conversation/recovery/recovery.ts";
import type { ModelMessage, ModelRequest } from "../llm/model.ts";
import { arrayModel, text, type Reply } from "./array-model.test-kit.ts";
import { play } from "./play.test-kit.ts";
import { endEvents } from "./turn-types.ts";

/** What happens during a step of the loop. */
type Interruption = "message" | "command" | "pause" | "stop" | "nothing";

type Resumption = "message" | "state";

export interface Plan {
  readonly replies: readonly Reply[];
  readonly interruptions: readonly Interruption[];
  /** Which commands wait for an approval, and what is decided. */
  readonly approvals: readonly ("allow" | "deny" | null)[];
  readonly contextTokens: number | null;
  /** Where each run of it is cut, as a share of its log; 1 means not at all. */
  readonly cuts: readonly number[];
  /** How each run is resumed: by a user message, or by a change of state alone. */
  readonly resumptions: readonly Resumption[];
}

export interface RecordedRequest {
  readonly messages: readonly ModelMessage[];
  readonly system: string;
  /** Length of the log it was made from. */
  readonly head: number;
  /** Requests for a summary are not steps. */
  readonly isSummary: boolean;
}

export interface PlayedHistory {
  readonly log: readonly Event[];
  /** In order, without those made from events that were cut off later. */
  readonly requests: readonly RecordedRequest[];
}

const names = ["read", "write", "run", "search", "think", "plan", "nope", "message"] as const;
// Repeated within a reply and across replies, equal after a provider's normalization, and empty.
const ids = ["a", "b", "call_0", "x.1", "x:1", "", "é"] as const;

const callPart: fc.Arbitrary<ReplyPart> = fc
  .record({
    name: fc.constantFrom(...names),
    id: fc.constantFrom(...ids),
    path: fc.constantFrom("a", "b", "throw", "long"),
    isInvalid: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  })
  .map(({ name, id, path, isInvalid }) => ({
    type: "call",
    id,
    name,
    arguments: isInvalid ? '{"path": ' : JSON.stringify(argumentsOf(name, path)),
  }));

function argumentsOf(name: (typeof names)[number], path: string): object {
  switch (name) {
    case "write":
      return { path, content: "x" };
    case "run":
      return { command: path };
    case "search":
      return { pattern: path };
    case "think":
      return { thought: path };
    case "plan":
      return { tasks: [] };
    case "message":
      return { content: path };
    default:
      return { path };
  }
}

const reply: fc.Arbitrary<Reply> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.option(fc.constantFrom("I think.", " ", "word ".repeat(500))),
        fc.array(callPart, { minLength: 1, maxLength: 4 }),
      )
      .map(([content, calls]) => [...(content === null ? [] : [text(content)]), ...calls]),
  },
  { weight: 1, arbitrary: fc.constant([text("What now?")]) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("model_auth", "model_unavailable", "model_context_too_long")
      .map((code) => new DeckhandError(code)),
  },
);

const maxTwelve = { maxLength: 12 };
export const plans: fc.Arbitrary<Plan> = fc.record({
  replies: fc.array(reply, { minLength: 4, maxLength: 14, size: "large" }),
  interruptions: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Interruption>("nothing") },
      { weight: 2, arbitrary: fc.constantFrom<Interruption>("message", "command", "command") },
      { weight: 1, arbitrary: fc.constantFrom<Interruption>("pause", "stop") },
    ),
    { maxLength: 40, size: "large" },
  ),
  approvals: fc.array(fc.option(fc.constantFrom("allow" as const, "deny" as const), { freq: 4 }), maxTwelve),
  contextTokens: fc.option(fc.constantFrom(1500, 4000)),
  cuts: fc.array(
    fc.oneof(
      fc.constant(1),
      fc.integer({ min: 0, max: 100 }).map((share) => share / 100),
    ),
    {
      minLength: 2,
      maxLength: 6,
      size: "large",
    },
  ),
  resumptions: fc.array(fc.constantFrom<Resumption>("message", "state"), maxTwelve),
});

const usage = { exit_code: 0, cwd: "/w", duration_ms: 1, truncated: false, hidden: false };
const userMessage = (content: string): NewEvent =>
  action("user", "message", { content, image_urls: null, wait_for_response: false });

export async function playOut(plan: Plan): Promise<PlayedHistory> {
  let log: readonly Event[] = [];
  let requests: RecordedRequest[] = [];
  const replies = plan.replies.values();
  const interruptions = plan.interruptions.values();
  const approvals = plan.approvals.values();
  const resumptions = plan.resumptions.values();
  let next: readonly NewEvent[] = [action("user", "start", { task: "do it" }), stateChange("running")];

  for (const cut of plan.cuts) {
    let head = 0;
    let state = emptyState;
    const addToState = (events: readonly Event[]): void => {
      head += events.length;
      state = fold(events, state);
    };
    addToState(stamped([...log, ...next]));
    const model = arrayModel((request) => {
      const isSummary = textOf(request.messages.at(-1)).includes("Write a summary that lets you continue");
      requests.push({ messages: [...request.messages], system: request.system, head, isSummary });
      return isSummary ? [text("So far so good.")] : (replies.next().value ?? [text("That is all.")]);
    });
    const { events, end } = await play(
      { ...model, contextTokens: plan.contextTokens },
      {
        from: [...log, ...next],
        policy: (event) => {
          const needsApproval = event.action === "run" && (approvals.next().value ?? null) !== null;
          return needsApproval ? { reasons: ["policy_always"], rules: [], seconds: 3600 } : null;
        },
        meanwhile(stored, stop) {
          addToState(stored);
          const added = interruptionEvents(interruptions.next().value ?? "nothing", head, stop, state.agentState);
          addToState(stamped(added, head));
          return added;
        },
      },
    );
    const uncut = stamped([...events, ...endEvents(end)]);
    log = uncut.slice(0, Math.ceil(cut * uncut.length));
    requests = requests.filter((request) => request.head <= log.length);
    log = stamped([...log, ...recovered(log)]);
    next = resumed(log, resumptions.next().value ?? "message", approvals.next().value ?? "allow");
  }
  return { log: stamped([...log, ...next]), requests };
}

/** What the next server process appends. */
function recovered(log: readonly Event[]): readonly NewEvent[] {
  return recoveryEvents(fold(log), { nowMs: log.length * 1000, tail: log.slice(-8), resume: "ask" });
}

function resumed(log: readonly Event[], how: Resumption, decision: "allow" | "deny"): readonly NewEvent[] {
  const state = fold(log);
  if (state.awaiting !== null) {
    const { id } = state.awaiting;
    const event = action("user", "approve", { id, decision, reason: "" });
    return answerEvents(event, state).events;
  }
  if (how === "message" || state.head < 0) return [userMessage("Please go on."), stateChange("running")];
  return [action("user", "change_agent_state", { agent_state: "running", thought: "" }), stateChange("running")];
}

function interruptionEvents(
  interruption: Interruption,
  nextId: number,
  stop: AbortController,
  agentState: string | null,
): readonly NewEvent[] {
  if (agentState !== "running") return [];
  switch (interruption) {
    case "nothing":
      return [];
    case "message":
      return [userMessage("One more thing.")];
    case "command":
      return [
        action("user", "run", {
          command: "ls",
          background: false,
          hidden: false,
          confirmation_state: "confirmed",
          thought: "",
        }),
        observation("user", "run", "a file\n", { command: "ls", ...usage }, { cause: nextId }),
      ];
    case "pause":
      return [stateChange("paused")];
    case "stop":
      stop.abort();
      return [stateChange("stopped")];
  }
}

function stamped(events: readonly NewEvent[], from = 0): readonly Event[] {
  return events.map((event, index) => {
    const id = from + index;
    return { ...event, id, timestamp: new Date(id * 1000).toISOString() };
  });
}

function textOf(message: ModelMessage | undefined): string {
  return message?.role === "user" ? message.text : "";
}

export function requestOf({ messages, system }: RecordedRequest): ModelRequest {
  return { messages, system, tools: [] };
}
