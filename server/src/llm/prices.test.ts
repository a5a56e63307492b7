import assert from "node:assert/strict";
import { test } from "node:test";
import { costOf } from "./prices.ts";
import { resolve } from "./resolve/resolve.ts";

const now = new Date("2025-11-01T00:00:00Z");
const usage = { input: 1_000_000, output: 100_000, cached_input: 0, cache_write: 0, reasoning: 50_000 };

function pricingOf(name: string, baseUrl?: string) {
  const resolved = resolve({}, { configured: { name, baseUrl, apiKey: "k" }, env: {} });
  assert.equal(resolved.type, "provider");
  return resolved.address.pricing;
}

test("[M18] a reply costs what the price list says, with reasoning counted as output", async () => {
  assert.equal(await costOf(pricingOf("gpt-4o"), usage, now), 2.5 + 1);
  assert.equal(await costOf(pricingOf("anthropic/claude-sonnet-4-5"), { ...usage, input: 100_000 }, now), 0.3 + 1.5);
  assert.equal(
    await costOf(pricingOf("openrouter/anthropic/claude-sonnet-4.5"), { ...usage, input: 100_000 }, now),
    0.3 + 1.5,
  );
});

test("[M18] input read from the cache and input written to it have their own prices", async () => {
  const cached = await costOf(pricingOf("gpt-4o"), { ...usage, cached_input: 1_000_000 }, now);
  assert.equal(cached, 1.25 + 1);
  const sonnet = pricingOf("claude-sonnet-4-5");
  const parts = { input: 100_000, output: 0, cached_input: 60_000, cache_write: 40_000, reasoning: 0 };
  const cost = await costOf(sonnet, parts, now);
  assert.ok(cost !== null && Math.abs(cost - (0.06 * 0.3 + 0.04 * 3.75)) < 1e-9, String(cost));
});

test("[M18] an unknown model has no price, rather than a price of zero", async () => {
  assert.equal(await costOf(pricingOf("gpt-99-unheard-of"), usage, now), null);
  assert.equal(await costOf(pricingOf("some-model", "https://models.example.org/v1"), usage, now), null);
});

test("[M18] a self-hosted model is free", async () => {
  for (const pricing of [
    pricingOf("ollama/qwen3"),
    pricingOf("ollama/qwen3", "http://192.168.1.5:11434"),
    pricingOf("lm_studio/qwen3"),
    pricingOf("some-model", "http://127.0.0.1:8080/v1"),
    pricingOf("some-model", "http://localhost:8080/v1"),
    pricingOf("gpt-oss-20b", "http://[::1]:8080/v1"),
  ]) {
    assert.equal(await costOf(pricing, usage, now), 0, JSON.stringify(pricing));
  }
});

test("[M18] a provider's model behind a gateway on this machine is not free", async () => {
  assert.equal(await costOf(pricingOf("gpt-4o", "http://127.0.0.1:4000"), usage, now), 3.5);
  assert.equal(await costOf(pricingOf("openai/gpt-4o", "http://127.0.0.1:4000"), usage, now), 3.5);
  assert.equal(
    await costOf(pricingOf("anthropic/claude-sonnet-4-5", "http://127.0.0.1:4000"), { ...usage, input: 0 }, now),
    1.5,
  );
});

test("[M18] contradictory usage still has a price", async () => {
  const odd = { input: 10, output: 1, cached_input: 50, cache_write: 50, reasoning: 90 };
  assert.equal(typeof (await costOf(pricingOf("claude-sonnet-4-5"), odd, now)), "number");
});
