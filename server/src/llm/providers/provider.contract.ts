/** What every provider must do, tested with recordings in its own format over HTTP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode, Usage } from "@deckhand/protocol";
import { afterReply, ask, modelOf, requestOf, user } from "../model.test-kit.ts";
import type { Model, ModelRequest } from "../model.ts";
import { ModelFailure } from "../failures/model-failure.ts";
import { hasRecording, playRecordings, type Playback } from "./recordings.test-kit.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a missing field fails the assertion that reads it
export type Body = any;

export interface ProviderCase {
  readonly prefix: string;
  /** The folder of its recordings. */
  readonly recordings: string;
  readonly model: string;
  /** The path of a request, after the base URL. */
  readonly path: string;
  readonly keyHeader: readonly [name: string, value: string];
  /** Of the recordings `text` and `reasoning`. */
  readonly usage: { readonly text: Usage; readonly reasoning: Usage };
  readonly messages: (body: Body) => Body[];
  /** The results of two calls in a request, in order. */
  readonly results: (messages: Body[]) => unknown;
  /** Reasoning as it is sent back in a request; null if the provider accepts none. */
  readonly thinking: { readonly of: (messages: Body[]) => unknown; readonly is: unknown } | null;
  /** An image as it is sent. */
  readonly image: string;
  /** For a provider that caches on request: asserts this for a request and the next one. */
  readonly caches?: (first: Body, second: Body) => void;
  /** Errors with another code than most providers have. */
  readonly codes?: Readonly<Record<string, ErrorCode>>;
  /** Recordings that do not exist, because the provider has no such case. */
  readonly lacks?: readonly string[];
}

const hello = "Grüße aus der Aufnahme: 世界 🙂";
export const thought = "The user wants to know what is here. I list it first.";
const key = "the-secret-key";

const errors: readonly (readonly [recording: string, code: ErrorCode, isTransient: boolean])[] = [
  ["401", "model_auth", false],
  ["404", "model_not_found", false],
  ["429", "model_rate_limited", true],
  ["500", "model_unavailable", true],
  ["too-long", "model_context_too_long", false],
  ["filtered", "model_refused", false],
];

export function providerContract(provider: ProviderCase): void {
  const { prefix, recordings, model: name, lacks = [] } = provider;
  const connectTo = (played: Playback): Model => modelOf(played, { kind: prefix, model: name, apiKey: key });
  const bodyOf = ({ requests }: Playback, at: number): Body => JSON.parse(requests[at]?.body ?? "");
  const start = requestOf(user("what is here?"));

  test(`[MP3] ${prefix}: every character of the text is streamed, with usage, from its URL and with its key`, async (t) => {
    const played = await playRecordings(t, recordings, ["text"]);
    const { reply, progress } = await ask(connectTo(played), start);
    assert.deepEqual(
      reply.parts.map((part) => part.type === "text" && part.text),
      [hello],
    );
    const deltas = progress.flatMap((one) =>
      one.type === "delta" && one.delta.of === "reply" ? [one.delta.text] : [],
    );
    assert.ok(deltas.length > 2, `${deltas.length} deltas`);
    assert.equal(deltas.join(""), hello);
    assert.equal(reply.finishReason, "stop");
    assert.deepEqual(reply.usage, provider.usage.text);
    assert.equal(played.requests[0]?.path, `/at${provider.path}`);
    const [header, value] = provider.keyHeader;
    assert.equal(played.requests[0]?.headers[header], value);
  });

  test(`[MP4] ${prefix}: the calls of a reply arrive in order, and their results are appended in that order`, async (t) => {
    const played = await playRecordings(t, recordings, ["tools", "text"]);
    const model = connectTo(played);
    const { reply } = await ask(model, start);
    const calls = reply.parts.filter((part) => part.type === "call");
    assert.deepEqual(
      calls.map((call) => [call.name, JSON.parse(call.arguments)]),
      [
        ["run", { command: "ls" }],
        ["run", { command: "pwd" }],
      ],
    );
    assert.equal(reply.finishReason, "tool-calls");
    assert.equal(reply.parts.find((part) => part.type === "text")?.text, "I look at both.");
    const messages = [user("what is here?"), ...afterReply(reply)];
    await ask(model, requestOf(...messages));
    await ask(model, requestOf(...messages, user("and now?")));
    const [first, second, third] = [0, 1, 2].map((at) => provider.messages(bodyOf(played, at)));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    assert.deepEqual(
      provider.results(second),
      calls.map(({ id }) => `result of ${id}`),
    );
    for (const [before, after] of [
      [first, second],
      [second, third],
    ] as const) {
      const bytes = unmarked(before).slice(0, -1);
      assert.equal(unmarked(after).slice(0, bytes.length), bytes, "starts with the previous request");
    }
    assert.deepEqual(bodyOf(played, 1).tools, bodyOf(played, 0).tools);
    assert.deepEqual(bodyOf(played, 1).toolConfig, bodyOf(played, 0).toolConfig);
    provider.caches?.(bodyOf(played, 0), bodyOf(played, 1));
  });

  if (!lacks.includes("reasoning")) {
    test(`[MP5] ${prefix}: reasoning is streamed, stored and sent back in its format`, async (t) => {
      const played = await playRecordings(t, recordings, ["reasoning", "text"]);
      const model = connectTo(played);
      const { reply, progress } = await ask(model, start);
      const deltas = progress.flatMap((one) =>
        one.type === "delta" && one.delta.of === "reasoning" ? [one.delta.text] : [],
      );
      assert.equal(deltas.join(""), thought);
      assert.ok(deltas.length > 2);
      const [first, call] = reply.parts;
      assert.deepEqual(
        [first?.type, first?.type === "reasoning" && first.text, call?.type],
        ["reasoning", thought, "call"],
      );
      assert.deepEqual(reply.usage, provider.usage.reasoning);
      await ask(model, requestOf(user("what is here?"), ...afterReply(reply)));
      if (provider.thinking === null) assert.doesNotMatch(played.requests[1]?.body ?? "", /wants to know/);
      else assert.deepEqual(provider.thinking.of(provider.messages(bodyOf(played, 1))), provider.thinking.is);
    });
  }

  test(`[MP6] ${prefix}: an image is sent in its format`, async (t) => {
    const played = await playRecordings(t, recordings, ["text"]);
    const request = requestOf(user("what is this?", ["data:image/png;base64,iVBORw0KGgo="]));
    await ask(connectTo(played), request);
    assert.ok(played.requests[0]?.body.includes(provider.image), played.requests[0]?.body);
  });

  for (const [recording, usualCode, isTransient] of errors) {
    if (lacks.includes(recording)) continue;
    const code = provider.codes?.[recording] ?? usualCode;
    test(`[MP7] ${prefix}: ${recording} is ${code}`, async (t) => {
      const played = await playRecordings(t, recordings, [recording]);
      const failure = await failureOf(connectTo(played), start);
      assert.deepEqual([failure.code, failure.isTransient], [code, isTransient], failure.message);
      if (recording === "429") assert.equal(failure.retryAfterMs, code === "model_rate_limited" ? 7000 : null);
      assert.ok(!failure.message.includes(key));
    });
  }

  for (const how of ["reset", "end"] as const) {
    test(`[MP8] ${prefix}: a stream that ${how === "end" ? "ends early" : "is reset"} is not a reply, at any position`, async (t) => {
      for (const at of [0, 0.3, 0.6, 0.8]) {
        const played = await playRecordings(t, recordings, ["tools"], { at, how });
        const failure = await failureOf(connectTo(played), start);
        assert.deepEqual([failure.code, failure.isTransient], ["model_unavailable", true], `${at}: ${failure.message}`);
      }
    });
  }

  test(`[MP3] ${prefix}: its recordings are complete`, () => {
    for (const [recording] of [["text"], ["tools"], ["reasoning"], ...errors]) {
      assert.equal(hasRecording(recordings, recording), !lacks.includes(recording), recording);
    }
  });
}

async function failureOf(model: Model, request: ModelRequest): Promise<ModelFailure> {
  const failed = await ask(model, request).then(
    ({ reply }) => assert.fail(`It replied: ${JSON.stringify(reply.parts)}`),
    (error: unknown) => error,
  );
  assert.ok(failed instanceof ModelFailure, String(failed));
  return failed;
}

/**
 * What the provider's cache compares: the blocks of all messages, because consecutive messages of one role may be
 * merged. Cache marks are not part of it.
 */
function unmarked(messages: Body[]): string {
  const blocks = messages.flatMap((message) => {
    const parts: unknown = message.content ?? message.parts;
    return Array.isArray(parts) ? parts.map((part: unknown) => [message.role, part]) : [message];
  });
  return JSON.stringify(blocks)
    .replaceAll(',"cache_control":{"type":"ephemeral"}', "")
    .replaceAll(/,\["user",\{"cachePoint":\{"type":"default"\}\}\]/g, "");
}
