import assert from "node:assert/strict";
import { test } from "node:test";
import { costOf } from "./prices.ts";
import { resolveModel } from "./resolve/resolve.ts";

const now = new Date("2025-11-01T00:00:00Z");
const usage = { input: 1_000_000, output: 100_000, cached_input: 0, cache_write: 0, reasoning: 50_000 };

function pricedAs(name: string, baseUrl?: string) {
  const named = resolveModel({ choice: {}, configured: { name, baseUrl, apiKey: "k" }, env: {} });
  assert.equal(named.kind, "address");
  return named.address.pricing;
}

test("[M18] a reply costs what the provider's price list says, reasoning counted with the output", async () => {
  assert.equal(await costOf(pricedAs("gpt-4o"), usage, now), 2.5 + 1);
  assert.equal(await costOf(pricedAs("anthropic/claude-sonnet-4-5"), { ...usage, input: 100_000 }, now), 0.3 + 1.5);
  assert.equal(
    await costOf(pricedAs("openrouter/anthropic/claude-sonnet-4.5"), { ...usage, input: 100_000 }, now),
    0.3 + 1.5,
  );
});

test("[M18] input from the cache has its own price, and so has what is written to it", async () => {
  const cached = await costOf(pricedAs("gpt-4o"), { ...usage, cached_input: 1_000_000 }, now);
  assert.equal(cached, 1.25 + 1);
  const sonnet = pricedAs("claude-sonnet-4-5");
  const parts = { input: 100_000, output: 0, cached_input: 60_000, cache_write: 40_000, reasoning: 0 };
  const cost = await costOf(sonnet, parts, now);
  assert.ok(cost !== null && Math.abs(cost - (0.06 * 0.3 + 0.04 * 3.75)) < 1e-9, String(cost));
});

test("[M18] what is not known has no price, not a price of nothing", async () => {
  assert.equal(await costOf(pricedAs("gpt-99-unheard-of"), usage, now), null);
  assert.equal(await costOf(pricedAs("some-model", "https://models.example.org/v1"), usage, now), null);
});

test("[M18] a model on a machine of one's own is free", async () => {
  for (const pricing of [
    pricedAs("ollama/qwen3"),
    pricedAs("ollama/qwen3", "http://192.168.1.5:11434"),
    pricedAs("lm_studio/qwen3"),
    pricedAs("some-model", "http://127.0.0.1:8080/v1"),
    pricedAs("some-model", "http://localhost:8080/v1"),
    pricedAs("gpt-oss-20b", "http://[::1]:8080/v1"),
  ]) {
    assert.equal(await costOf(pricing, usage, now), 0, JSON.stringify(pricing));
  }
});

test("[M18] a gateway on this machine does not make a provider's model free", async () => {
  assert.equal(await costOf(pricedAs("gpt-4o", "http://127.0.0.1:4000"), usage, now), 3.5);
  assert.equal(await costOf(pricedAs("openai/gpt-4o", "http://127.0.0.1:4000"), usage, now), 3.5);
  assert.equal(
    await costOf(pricedAs("anthropic/claude-sonnet-4-5", "http://127.0.0.1:4000"), { ...usage, input: 0 }, now),
    1.5,
  );
});

test("[M18] a usage that contradicts itself still has a price", async () => {
  const odd = { input: 10, output: 1, cached_input: 50, cache_write: 50, reasoning: 90 };
  assert.equal(typeof (await costOf(pricedAs("claude-sonnet-4-5"), odd, now)), "number");
});
