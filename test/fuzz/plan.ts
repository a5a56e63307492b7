/** What the clients of one conversation do, generated from a seed. */
import fc from "fast-check";

const kinds = [
  "message",
  /** Sent at the moment of the agent's final message. */
  "last_moment",
  "run",
  "pause",
  "go_on",
  "stop",
  /** Several clients answer a pending approval at the same time and differently. */
  "answer",
  /** An answer to an action that is not pending. */
  "stray_answer",
  "leave_and_return",
  "join",
  "lag",
  "cut",
] as const;

export interface Step {
  readonly kind: (typeof kinds)[number];
  readonly waitMs: number;
  /** The number of the client. */
  readonly by: number;
  /** Another client that does the same with the same command id. */
  readonly also: number | null;
  readonly answers: readonly ("allow" | "deny" | "allow_for_conversation")[];
}

export interface Plan {
  /** Every action of the agent needs approval. */
  readonly asks: boolean;
  readonly clients: number;
  readonly steps: readonly Step[];
}

const weights = { message: 4, run: 2, pause: 2, go_on: 3, last_moment: 2, lag: 2, cut: 1, answer: 2 } as const;

const step = (asks: boolean): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.oneof(
      ...kinds.map((kind) => ({
        weight: kind === "answer" && asks ? 12 : ((weights as Partial<Record<string, number>>)[kind] ?? 1),
        arbitrary: fc.constant(kind),
      })),
    ),
    waitMs: fc.nat(40),
    by: fc.nat(9),
    also: fc.option(fc.nat(9)),
    answers: fc.array(fc.constantFrom("allow", "allow", "deny", "allow_for_conversation"), {
      minLength: 1,
      maxLength: 3,
    }),
  });

const plan: fc.Arbitrary<Plan> = fc.boolean().chain((asks) =>
  fc.record({
    asks: fc.constant(asks),
    clients: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(step(asks), { minLength: 4, maxLength: 14, size: "max" }),
  }),
);

/** The same seed gives the same plans. */
export function plansOf(seed: number, count: number): readonly Plan[] {
  return fc.sample(plan, { seed, numRuns: count });
}
