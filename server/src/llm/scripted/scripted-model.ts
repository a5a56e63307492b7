/** `scripted/FILE.json` as a model: its failures are reported and retried like those of a provider. */
import { setTimeout as wait } from "node:timers/promises";
import { APICallError } from "@ai-sdk/provider";
import type { Model, ModelProgress, ModelReply, ModelRequest } from "../model.ts";
import { streamInterrupted, failureOf, ModelFailure, modelRefused, callTimedOut } from "../failures/model-failure.ts";
import type { FailureContext } from "../failures/model-failure.ts";
import { withRetries } from "../retry.ts";
import { argumentsOf, chunksOf, finishOf, playScript, readScript, usageOf } from "./script.ts";
import type { RequestSummary, Script, ScriptReply } from "./script.ts";

export interface ScriptedOptions {
  readonly retries: number;
  readonly timeoutMs: number;
  readonly random: () => number;
}

/** Fails with `model_not_configured` if the file is not a script. */
export async function scriptedModel(path: string, options: ScriptedOptions): Promise<Model> {
  return modelOfScript(`scripted/${path}`, await readScript(path), options);
}

export function modelOfScript(name: string, script: Script, options: ScriptedOptions): Model {
  const play = playScript(script);
  const context: FailureContext = {
    label: "The script",
    model: name,
    baseUrl: "",
    keyNames: "LLM_API_KEY",
    apiKey: undefined,
  };

  async function* attempt(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    const summary = summarize(request);
    const reply = play(summary);
    const startedAt = performance.now();
    const hang = async (): Promise<never> => {
      await wait(options.timeoutMs, undefined, { signal });
      throw callTimedOut(context, options.timeoutMs);
    };
    try {
      if (reply.delay_ms > 0) await wait(reply.delay_ms, undefined, { signal });
      if (reply.hang && reply.cut_after === undefined) await hang();
      if ((reply.status ?? 200) >= 400 || reply.body !== undefined) throw failureOfReply(reply, context);
      const firstTokenMs = performance.now() - startedAt;
      for (const chunk of chunksOf(reply, summary).slice(0, reply.cut_after)) {
        if (chunk.of !== "call")
          yield { type: "delta", delta: { of: chunk.of === "text" ? "reply" : "reasoning", text: chunk.text } };
        if (reply.chunk_ms > 0) await wait(reply.chunk_ms, undefined, { signal });
        signal.throwIfAborted();
      }
      if (reply.hang) await hang();
      if (reply.cut_after !== undefined) throw streamInterrupted(context);
      return replyOf(reply, summary, request, firstTokenMs, context);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  return {
    name,
    takesImages: false,
    isScript: true,
    reply: (request, signal) => withRetries(() => attempt(request, signal), options, signal),
  };
}

function replyOf(
  reply: ScriptReply,
  summary: RequestSummary,
  request: ModelRequest,
  firstTokenMs: number,
  context: FailureContext,
): ModelReply {
  const finish = finishOf(reply);
  if (finish === "content_filter") throw modelRefused(context, reply.text ?? "");
  if (reply.text === undefined && reply.calls.length === 0) {
    throw new ModelFailure("model_empty_reply", "The script returned an empty reply.", { isTransient: true });
  }
  const size =
    request.system.length + request.messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
  const { input, output, cached_input, reasoning } = usageOf(reply, size);
  return {
    parts: [
      ...(reply.reasoning === undefined ? [] : [{ type: "reasoning" as const, text: reply.reasoning }]),
      ...(reply.text === undefined ? [] : [{ type: "text" as const, text: reply.text }]),
      ...reply.calls.map((call, index) => ({
        type: "call" as const,
        id: call.id ?? `call_${summary.replies}_${index}`,
        name: call.name,
        arguments: argumentsOf(call),
      })),
    ],
    finishReason: finish === "tool_calls" ? "tool-calls" : finish,
    usage: { input, output, cached_input, cache_write: 0, reasoning },
    costUsd: 0,
    firstTokenMs,
  };
}

function failureOfReply(reply: ScriptReply, context: FailureContext): ModelFailure {
  const { status = 200, body, headers } = reply;
  if (status < 400)
    return new ModelFailure("model_bad_reply", "The reply of the script could not be parsed.", { isTransient: true });
  const responseBody = typeof body === "string" ? body : JSON.stringify(body ?? {});
  const message = `The script returned status ${status}.`;
  return failureOf(
    new APICallError({
      message,
      url: "",
      requestBodyValues: {},
      statusCode: status,
      responseHeaders: headers,
      responseBody,
    }),
    context,
  );
}

function summarize({ messages }: ModelRequest): RequestSummary {
  const first = messages.find((message) => message.role === "user");
  return { replies: messages.filter((message) => message.role === "assistant").length, task: first?.text ?? "" };
}
