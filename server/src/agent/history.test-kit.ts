/**
 * For the property tests of histories: random conversations, run by the real loop, cut anywhere, recovered as after a crash, and resumed.
 * Every request to the model is recorded, with the length of the log at that time.
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

/** What happens at the same time as a step of the loop. */
type Meanwhile = "message" | "command" | "pause" | "stop" | "nothing";

export interface Plan {
  readonly replies: readonly Reply[];
  readonly meanwhile: readonly Meanwhile[];
  /** Which of the runnable calls wait for a person, and what is answered. */
  readonly asks: readonly ("allow" | "deny" | null)[];
  readonly contextTokens: number | null;
  /** Where each part of it is cut, as a share of its log; 1: it ends by itself. */
  readonly cuts: readonly number[];
  /** What goes on after a cut: a person's message, or a mere word. */
  readonly goesOnWith: readonly ("message" | "word")[];
}

export interface Asked {
  readonly messages: readonly ModelMessage[];
  readonly system: string;
  /** Events of the log that it was made of. */
  readonly head: number;
  /** For a summary, which is no step. */
  readonly summary: boolean;
}

export interface Played {
  readonly log: readonly Event[];
  /** In their order; those whose log was cut off since are left out. */
  readonly asked: readonly Asked[];
}

const names = ["read", "write", "run", "search", "think", "plan", "nope", "message"] as const;
// Repeated within a reply, over replies, equal once a provider has made them plain, and empty.
const ids = ["a", "b", "call_0", "x.1", "x:1", "", "é"] as const;

const callPart: fc.Arbitrary<ReplyPart> = fc
  .record({
    name: fc.constantFrom(...names),
    id: fc.constantFrom(...ids),
    path: fc.constantFrom("a", "b", "throw", "long"),
    broken: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  })
  .map(({ name, id, path, broken }) => ({
    type: "call",
    id,
    name,
    arguments: broken ? '{"path": ' : JSON.stringify(argumentsOf(name, path)),
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
      .map(([said, calls]) => [...(said === null ? [] : [text(said)]), ...calls]),
  },
  { weight: 1, arbitrary: fc.constant([text("What now?")]) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("model_auth", "model_unavailable", "model_context_too_long")
      .map((code) => new DeckhandError(code)),
  },
);

const few = { maxLength: 12 };
export const plans: fc.Arbitrary<Plan> = fc.record({
  replies: fc.array(reply, { minLength: 4, maxLength: 14, size: "large" }),
  meanwhile: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Meanwhile>("nothing") },
      { weight: 2, arbitrary: fc.constantFrom<Meanwhile>("message", "command", "command") },
      { weight: 1, arbitrary: fc.constantFrom<Meanwhile>("pause", "stop") },
    ),
    { maxLength: 40, size: "large" },
  ),
  asks: fc.array(fc.option(fc.constantFrom("allow" as const, "deny" as const), { freq: 4 }), few),
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
  goesOnWith: fc.array(fc.constantFrom("message" as const, "word" as const), few),
});

const usage = { exit_code: 0, cwd: "/w", duration_ms: 1, truncated: false, hidden: false };
const says = (content: string): NewEvent =>
  action("user", "message", { content, image_urls: null, wait_for_response: false });

export async function playOut(plan: Plan): Promise<Played> {
  let log: readonly Event[] = [];
  let asked: Asked[] = [];
  const replies = plan.replies.values();
  const meanwhile = plan.meanwhile.values();
  const asks = plan.asks.values();
  const goesOn = plan.goesOnWith.values();
  let next: readonly NewEvent[] = [action("user", "start", { task: "do it" }), stateChange("running")];

  for (const cut of plan.cuts) {
    let seen = 0;
    let state = emptyState;
    const take = (events: readonly Event[]): void => {
      seen += events.length;
      state = fold(events, state);
    };
    take(stamped([...log, ...next]));
    const model = arrayModel((request) => {
      const summary = textOf(request.messages.at(-1)).includes("Write a summary that lets you continue");
      asked.push({ messages: [...request.messages], system: request.system, head: seen, summary });
      return summary ? [text("So far so good.")] : (replies.next().value ?? [text("That is all.")]);
    });
    const { events, end } = await play(
      { ...model, contextTokens: plan.contextTokens },
      {
        from: [...log, ...next],
        policy: (event) => {
          const isAsked = event.action === "run" && (asks.next().value ?? null) !== null;
          return isAsked ? { reasons: ["policy_always"], rules: [], seconds: 3600 } : null;
        },
        meanwhile(stored, stop) {
          take(stored);
          const added = beside(meanwhile.next().value ?? "nothing", seen, stop, state.agentState);
          take(stamped(added, seen));
          return added;
        },
      },
    );
    const whole = stamped([...events, ...endEvents(end)]);
    const kept = Math.ceil(cut * whole.length);
    log = kept === whole.length ? whole : whole.slice(0, kept);
    asked = asked.filter(({ head }) => head <= log.length);
    log = stamped([...log, ...cleared(log)]);
    next = goOn(log, goesOn.next().value ?? "message", asks.next().value ?? "allow");
  }
  return { log: stamped([...log, ...next]), asked };
}

/** As the next server process does it. */
function cleared(log: readonly Event[]): readonly NewEvent[] {
  return recoveryEvents(fold(log), { nowMs: log.length * 1000, tail: log.slice(-8), resume: "ask" });
}

function goOn(log: readonly Event[], how: "message" | "word", answer: "allow" | "deny"): readonly NewEvent[] {
  const state = fold(log);
  if (state.awaiting !== null) {
    const { id } = state.awaiting;
    const event = action("user", "approve", { id, decision: answer, reason: "" });
    return answerEvents(event, state).events;
  }
  if (how === "message" || state.head < 0) return [says("Please go on."), stateChange("running")];
  return [action("user", "change_agent_state", { agent_state: "running", thought: "" }), stateChange("running")];
}

function beside(what: Meanwhile, at: number, stop: AbortController, state: string | null): readonly NewEvent[] {
  if (state !== "running") return [];
  switch (what) {
    case "nothing":
      return [];
    case "message":
      return [says("One more thing.")];
    case "command":
      return [
        action("user", "run", {
          command: "ls",
          background: false,
          hidden: false,
          confirmation_state: "confirmed",
          thought: "",
        }),
        observation("user", "run", "a file\n", { command: "ls", ...usage }, { cause: at }),
      ];
    case "pause":
      return [stateChange("paused")];
    case "stop":
      stop.abort();
      return [stateChange("stopped")];
  }
}

function stamped(events: readonly NewEvent[], from = 0): readonly Event[] {
  const at = (place: number): Pick<Event, "id" | "timestamp"> => ({
    id: from + place,
    timestamp: new Date((from + place) * 1000).toISOString(),
  });
  return events.map((event, place) => Object.assign({ ...event }, at(place)) as Event);
}

function textOf(message: ModelMessage | undefined): string {
  return message?.role === "user" ? message.text : "";
}

export function requestOf({ messages, system }: Asked): ModelRequest {
  return { messages, system, tools: [] };
}
