import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReply, ask, modelOf, requestOf, user } from "../asking.ts";
import { providers } from "./all.ts";
import { ModelFailure } from "./failure.ts";
import { cases } from "./cases.test-kit.ts";
import { providerContract, type Body } from "./provider.contract.ts";
import { playRecordings } from "./recordings.test-kit.ts";

for (const one of cases) providerContract(one);

test("[MP2] every provider is tried with its recordings", () => {
  const tried = new Set(cases.map(({ prefix }) => prefix));
  // Azure's chat is OpenAI's, at the address of `azure`.
  const all = providers.map(({ prefixes }) => prefixes[0]).filter((prefix) => prefix !== "azure_chat");
  assert.deepEqual(
    all.filter((prefix) => !tried.has(prefix)),
    [],
  );
});

test("[MP2] Bedrock's requests are signed where there is no key of its own", async (t) => {
  const played = await playRecordings(t, "bedrock", ["text"]);
  const extra = {
    region: "eu-central-1",
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "the-secret-key",
    sessionToken: "st",
  };
  await ask(modelOf(played, { kind: "bedrock", model: "amazon.nova-pro-v1:0", extra }), requestOf(user("go")));
  const { headers } = played.requests[0] ?? {};
  assert.match(
    headers?.authorization ?? "",
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=/,
  );
  assert.equal(headers?.["x-amz-security-token"], "st");
  assert.ok(!JSON.stringify(headers).includes("the-secret-key"));
});

test("[MP7] an error in the middle of a running stream has the code of the error", async (t) => {
  for (const [kind, folder, recording, code] of [
    ["bedrock", "bedrock", "exception", "model_rate_limited"],
    ["deepseek", "deepseek", "no-resources", "model_unavailable"],
  ] as const) {
    const played = await playRecordings(t, folder, [recording]);
    const failure: unknown = await ask(modelOf(played, { kind }), requestOf(user("go"))).catch(
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ModelFailure, kind);
    assert.deepEqual([failure.code, failure.passes], [code, true], failure.message);
  }
});

test("[MP4] calls that another model made have ids that Mistral takes, and a user never speaks right after results", async (t) => {
  const played = await playRecordings(t, "mistral", ["text"]);
  const parts = [{ type: "call", id: "call_1Bv9sX2mWq", name: "run", arguments: "{}" }] as const;
  const [reply, results] = afterReply({ parts } as unknown as Parameters<typeof afterReply>[0]);
  assert.ok(reply !== undefined && results !== undefined);
  await ask(modelOf(played, { kind: "mistral" }), requestOf(user("go"), reply, results, user("and now?")));
  const { messages } = JSON.parse(played.requests[0]?.body ?? "") as { messages: Body[] };
  const [, , call, result, between, now] = messages;
  assert.match(call.tool_calls[0].id, /^[A-Za-z0-9]{9}$/);
  assert.equal(result.tool_call_id, call.tool_calls[0].id);
  assert.deepEqual([between.role, now.role], ["assistant", "user"]);
});
