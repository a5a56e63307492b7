/** What every provider has to do, played from recordings in its own format over HTTP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode, Usage } from "@deckhand/protocol";
import { afterReply, ask, modelOf, requestOf, user } from "../model.test-kit.ts";
import type { Model, ModelRequest } from "../model.ts";
import { ModelFailure } from "../failures/model-failure.ts";
import { hasRecording, playRecordings, type Played } from "./recordings.test-kit.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- what is not there fails the assertion that reads it
export type Body = any;

export interface ProviderCase {
  readonly prefix: string;
  /** Folder of its recordings. */
  readonly recordings: string;
  readonly model: string;
  /** Where it is asked, behind its address. */
  readonly path: string;
  readonly keyHeader: readonly [name: string, value: string];
  /** Of `text` and of `reasoning`. */
  readonly usage: { readonly text: Usage; readonly reasoning: Usage };
  readonly messages: (body: Body) => Body[];
  /** The results of two calls in a request, by the calls' ids. */
  readonly results: (messages: Body[]) => unknown;
  /** Its thinking in the messages of a request, as it is sent back; null where it takes none. */
  readonly thinking: { readonly of: (messages: Body[]) => unknown; readonly is: unknown } | null;
  /** How a picture looks in a request. */
  readonly image: string;
  /** Where it is told to cache: asserts it for a request and the one after it. */
  readonly caches?: (first: Body, second: Body) => void;
  /** Where an error has another code than with most. */
  readonly codes?: Readonly<Record<string, ErrorCode>>;
  /** What it does not have, and so is not recorded. */
  readonly lacks?: readonly string[];
}

const hello = "Grüße aus der Aufnahme: 世界 🙂";
export const thought = "The user wants to know what is here. I list it first.";
const key = "the-secret-key";

const errors: readonly (readonly [recording: string, code: ErrorCode, passes: boolean])[] = [
  ["401", "model_auth", false],
  ["404", "model_not_found", false],
  ["429", "model_rate_limited", true],
  ["500", "model_unavailable", true],
  ["too-long", "model_context_too_long", false],
  ["filtered", "model_refused", false],
];

export function providerContract(provider: ProviderCase): void {
  const { prefix, recordings, model: name, lacks = [] } = provider;
  const modelAt = (played: Played): Model => modelOf(played, { kind: prefix, model: name, apiKey: key });
  const bodyOf = ({ requests }: Played, at: number): Body => JSON.parse(requests[at]?.body ?? "");
  const start = requestOf(user("what is here?"));

  test(`[MP3] ${prefix}: text streams in, every character of it, with usage, from its address and with its key`, async (t) => {
    const played = await playRecordings(t, recordings, ["text"]);
    const { reply, progress } = await ask(modelAt(played), start);
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

  test(`[MP4] ${prefix}: calls of one reply come in their order, and their results go back in it, behind what was there`, async (t) => {
    const played = await playRecordings(t, recordings, ["tools", "text"]);
    const model = modelAt(played);
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
      assert.equal(unmarked(after).slice(0, bytes.length), bytes, "begins with the request before");
    }
    assert.deepEqual(bodyOf(played, 1).tools, bodyOf(played, 0).tools);
    assert.deepEqual(bodyOf(played, 1).toolConfig, bodyOf(played, 0).toolConfig);
    provider.caches?.(bodyOf(played, 0), bodyOf(played, 1));
  });

  if (!lacks.includes("reasoning")) {
    test(`[MP5] ${prefix}: what it thinks is told, kept and sent back as it wants it`, async (t) => {
      const played = await playRecordings(t, recordings, ["reasoning", "text"]);
      const model = modelAt(played);
      const { reply, progress } = await ask(model, start);
      const told = progress.flatMap((one) =>
        one.type === "delta" && one.delta.of === "reasoning" ? [one.delta.text] : [],
      );
      assert.equal(told.join(""), thought);
      assert.ok(told.length > 2);
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

  test(`[MP6] ${prefix}: a picture is sent as it wants it`, async (t) => {
    const played = await playRecordings(t, recordings, ["text"]);
    const request = requestOf(user("what is this?", ["data:image/png;base64,iVBORw0KGgo="]));
    await ask(modelAt(played), request);
    assert.ok(played.requests[0]?.body.includes(provider.image), played.requests[0]?.body);
  });

  for (const [recording, usual, passes] of errors) {
    if (lacks.includes(recording)) continue;
    const code = provider.codes?.[recording] ?? usual;
    test(`[MP7] ${prefix}: ${recording} is ${code}`, async (t) => {
      const played = await playRecordings(t, recordings, [recording]);
      const failure = await failureOf(modelAt(played), start);
      assert.deepEqual([failure.code, failure.isTransient], [code, passes], failure.message);
      if (recording === "429") assert.equal(failure.retryAfterMs, code === "model_rate_limited" ? 7000 : null);
      assert.ok(!failure.message.includes(key));
    });
  }

  for (const how of ["reset", "end"] as const) {
    test(`[MP8] ${prefix}: a stream that ${how === "end" ? "ends too early" : "is cut"} is no reply, wherever it happens`, async (t) => {
      for (const at of [0, 0.3, 0.6, 0.8]) {
        const played = await playRecordings(t, recordings, ["tools"], { at, how });
        const failure = await failureOf(modelAt(played), start);
        assert.deepEqual([failure.code, failure.isTransient], ["model_unavailable", true], `${at}: ${failure.message}`);
      }
    });
  }

  test(`[MP3] ${prefix}: it is recorded whole`, () => {
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
 * What the provider caches by: the blocks of all messages, since what one person says in a row may become one message. Marks are
 * no part of it.
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
