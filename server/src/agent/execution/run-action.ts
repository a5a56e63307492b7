/**
 * Runs the tool of an action and makes its one observation, whatever happens. Used for the agent's calls and for
 * clients' actions.
 */
import {
  DeckhandError,
  errorObservation,
  observation,
  type Delta,
  type NewAction,
  type ToolCall,
} from "@deckhand/protocol";
import type { Tool, ToolContext } from "../../tools/tool.ts";
import type { AcquireRuntime } from "../turn-types.ts";
import type { Answer, CallStage } from "./stage.ts";

export interface RunContext extends Omit<ToolContext, "runtime" | "forAgent"> {
  readonly runtime: AcquireRuntime;
  /** The tool goes on once this has resolved. */
  readonly onDelta: (delta: Delta) => Promise<unknown> | void;
}

/** How long a tool has to end after a stop before it is abandoned. */
const stopGraceMs = 800;

/** Never rejects. */
export async function runAction(
  { event, tool, origin }: { readonly event: NewAction; readonly tool: Tool; readonly origin?: ToolCall },
  { onDelta, ...context }: RunContext,
): Promise<Answer> {
  const { source } = event;
  const { signal } = context;
  const refs = { cause: context.id, ...(origin === undefined ? {} : { tool_call: origin }) };
  const interrupted = (): Answer => ({ observation: errorObservation(source, "interrupted", undefined, refs) });
  const grace = graceAfterAbort(signal, stopGraceMs);
  try {
    signal.throwIfAborted();
    const runtime = await context.runtime(event, signal);
    signal.throwIfAborted();
    const running = tool.run(event.args as never, { ...context, runtime, forAgent: source === "agent" });
    for (;;) {
      const next = await Promise.race([running.next(), grace.over]);
      if (next === "over") {
        // The tool ignores the stop. Whatever it still does is not recorded.
        running.return(undefined as never).catch(() => {});
        return interrupted();
      }
      if (next.done) {
        const { observation: kind, content, extras } = next.value;
        return { observation: observation(source, kind, content, extras as never, refs) };
      }
      await onDelta(next.value);
    }
  } catch (error) {
    if (signal.aborted) return interrupted();
    if (error instanceof DeckhandError) {
      return { observation: errorObservation(source, error.code, error.message, refs) };
    }
    return { observation: errorObservation(source, "internal", undefined, refs), bug: { error } };
  } finally {
    grace.dispose();
  }
}

export const runTool: CallStage = async (call, { deps, signal, send }) => {
  const { runtime, delegate } = deps;
  const onDelta = (delta: Delta): Promise<unknown> => send({ type: "delta", delta });
  return { ...call, answer: await runAction(call, { id: call.actionId, runtime, delegate, signal, onDelta }) };
};

/** `over` resolves when the grace period after an abort has passed. */
function graceAfterAbort(signal: AbortSignal, graceMs: number): { over: Promise<"over">; dispose: () => void } {
  const { promise, resolve } = Promise.withResolvers<"over">();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => resolve("over"), graceMs);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return {
    over: promise,
    dispose: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", start);
    },
  };
}
