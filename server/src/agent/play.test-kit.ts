/** For tests: runs the loop with an array instead of a log. */
import {
  action,
  apply,
  emptyState,
  stateChange,
  type ConversationState,
  type Event,
  type NewAction,
  type NewEvent,
} from "@deckhand/protocol";
import type { Model } from "../llm/model.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { testTools } from "./array-model.test-kit.ts";
import { createAgentFinder } from "./agents.ts";
import type { ApprovalRequest } from "./approval/policy.ts";
import { promptSize } from "./context/prompt-size.ts";
import { limitReached, type Limits } from "./limits.ts";
import { Prompt } from "./context/prompt.ts";
import type { TurnOutput, TurnDeps, TurnEnd, View } from "./turn-types.ts";
import { runTurn } from "./turn.ts";

export interface Played {
  readonly events: readonly Event[];
  readonly end: TurnEnd;
  readonly state: ConversationState;
}

const unlimited = { maxSteps: 100, maxCostUsd: Infinity, maxTokens: Infinity, maxSeconds: Infinity };

export interface Play {
  readonly limits?: Partial<Limits>;
  readonly from?: readonly NewEvent[];
  readonly tools?: typeof testTools;
  readonly changesSince?: TurnDeps["changesSince"];
  readonly policy?: (event: NewAction) => ApprovalRequest | null;
  /** Called after each output was stored. The events it returns are stored next, as if they came from outside. */
  readonly meanwhile?: (stored: readonly Event[], stop: AbortController) => readonly NewEvent[];
}

export async function play(
  model: Model,
  { limits, from = [], meanwhile, tools = testTools, policy = () => null, changesSince }: Play = {},
): Promise<Played> {
  const events: Event[] = [];
  const agent = createAgentFinder(tools)("CodeActAgent", "/w");
  if (agent === undefined) throw new Error("unknown agent");
  const prompt = new Prompt(tools, promptSize(agent, model));
  let state = emptyState;
  const stop = new AbortController();
  const store = (added: readonly NewEvent[]): readonly Event[] =>
    added.map((event) => {
      const stored = { id: events.length, timestamp: new Date(events.length * 1000).toISOString(), ...event } as Event;
      events.push(stored);
      state = apply(state, stored);
      prompt.add(stored);
      return stored;
    });
  const start: NewEvent[] = [action("user", "start", { task: "do it" }), stateChange("running")];
  store(from.length > 0 ? from : start);
  const nowMs = (): number => events.length * 1000;
  const view = (stored: readonly Event[]): View => ({ state, prompt, stored });
  const turn = runTurn(
    view([]),
    {
      model,
      agent,
      runtime: async () => ({ cwd: "/w" }) as Runtime,
      changesSince,
      instructions: { workspace: () => Promise.reject(new Error("no workspace")) },
      limits: async (now) => limitReached(now, { ...unlimited, ...limits }, nowMs()),
      now: nowMs,
      policy: async (event) => {
        const request = policy(event);
        return request === null ? { type: "allow", rules: [] } : { type: "ask", request };
      },
    },
    stop.signal,
  );
  let step: IteratorResult<TurnOutput, TurnEnd> = await turn.next();
  while (!step.done) {
    const stored = step.value.type === "events" ? store(step.value.events(events.length, state)) : [];
    const added = meanwhile?.(stored, stop) ?? [];
    if (added.length > 0) store(added);
    step = await turn.next(view(stored));
  }
  return { events, end: step.value, state };
}
