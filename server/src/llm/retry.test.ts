import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "@deckhand/protocol";
import { ask, askForFailure, modelOf, requestOf, serveScript, user } from "./model.test-kit.ts";
import { ModelFailure } from "./failures/model-failure.ts";
import { retryWaitMs, withRetries } from "./retry.ts";

const request = requestOf(user("go"));
const soon = { "retry-after-ms": "1" };

test("[M15] transient failures are retried, and each retry is reported with its reason", async (t) => {
  const server = await serveScript(t, {
    replies: [
      {},
      { text: "half of", cut_after: 2 },
      { status: 429, headers: { "retry-after-ms": "100" } },
      { status: 503, headers: soon },
      { text: "Here I am." },
    ],
  });
  const { reply, progress } = await ask(modelOf(server, { retries: 5 }), request);
  assert.deepEqual(reply.parts, [{ type: "text", text: "Here I am." }]);
  const retries = progress.filter((one) => one.type === "retry");
  assert.deepEqual(
    retries.map(({ code, attempt }) => [code, attempt]),
    [
      ["model_empty_reply", 1],
      ["model_unavailable", 2],
      ["model_rate_limited", 3],
      ["model_unavailable", 4],
    ],
  );
  assert.equal(retries[2]?.message, "The test's provider is rate limiting requests (429). Retrying in 0.1 s (3 of 5).");
  // What arrived before the interruption, then the reply from its start.
  assert.deepEqual(
    progress.flatMap((one) => (one.type === "delta" ? [one.delta.text] : [])),
    ["half of", "Here I am."],
  );
  const bodies = new Set(server.requests.map((one) => one.body));
  assert.equal(server.requests.length, 5);
  assert.equal(bodies.size, 1, "every attempt sends the same request");
});

test("[M15] after the last retry, the failure says how many there were", async (t) => {
  const server = await serveScript(t, { replies: [{ status: 500, headers: soon }], after: "repeat_last" });
  const { code, message, progress } = await askForFailure(modelOf(server, { retries: 2 }), request);
  assert.equal(code, "model_unavailable");
  assert.match(message, /returned an error \(500\).* Gave up after 2 retries\.$/);
  assert.equal(progress.length, 2);
  assert.equal(server.requests.length, 3);
});

test("[M16] the wait is exactly as long as retry-after", async (t) => {
  const server = await serveScript(t, { replies: [{ status: 429, headers: { "retry-after": "1" } }, { text: "Hi." }] });
  const startedAt = performance.now();
  const { progress } = await ask(modelOf(server, { retries: 1 }), request);
  assert.partialDeepStrictEqual(progress[0], {
    type: "retry",
    waitMs: 1_000,
    message: "The test's provider is rate limiting requests (429). Retrying in 1 s (1 of 1).",
  });
  assert.ok(performance.now() - startedAt >= 990);
});

test("[M16] a retry-after of more than a minute fails the call, and the failure says when to try again", async (t) => {
  const server = await serveScript(t, {
    replies: [{ status: 429, headers: { "retry-after": "600" } }],
    after: "repeat_last",
  });
  const { code, message, progress } = await askForFailure(modelOf(server, { retries: 5 }), request);
  assert.equal(code, "model_rate_limited");
  assert.equal(message, "The test's provider is rate limiting requests (429). Try again in 10 min.");
  assert.deepEqual(progress, []);
});

test("[M16] retry-after may be a date, and Google's RetryInfo counts as well", async (t) => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3600s" }];
  const server = await serveScript(t, {
    conversations: [
      { when: "date", replies: [{ status: 503, headers: { "retry-after": date } }] },
      {
        when: "body",
        replies: [
          { status: 429, body: { error: { code: 429, message: "quota", status: "RESOURCE_EXHAUSTED", details } } },
        ],
      },
    ],
  });
  for (const task of ["date", "body"]) {
    const { message } = await askForFailure(modelOf(server, { kind: "google", retries: 5 }), requestOf(user(task)));
    assert.match(message, /Try again in (60|59) min\.$/);
  }
});

test("[M16] without retry-after the waits double up to a maximum, half of each random", () => {
  const waits = (code: ErrorCode, random: number) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((retried) =>
      retryWaitMs(new ModelFailure(code, "", { isTransient: true }), retried, () => random),
    );
  assert.deepEqual(waits("model_unavailable", 0), [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000]);
  // Rate limits apply per minute: five retries take longer than that.
  assert.deepEqual(waits("model_rate_limited", 1), [2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000, 32_000]);
});

test("[M17] an abort ends the wait before a retry at once", async () => {
  const stop = new AbortController();
  const reason = new Error("stop");
  // oxlint-disable-next-line require-yield -- fails before its first delta
  const attempt = async function* () {
    throw new ModelFailure("model_rate_limited", "Slow down.", { isTransient: true, retryAfterMs: 50_000 });
  };
  const run = withRetries(attempt, { retries: 3, random: () => 0 }, stop.signal);
  assert.equal((await run.next()).done, false);
  const next = run.next();
  stop.abort(reason);
  await assert.rejects(next, (error) => error === reason);
});
