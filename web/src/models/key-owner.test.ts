import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelProvider } from "@deckhand/protocol";
import { suggestedModelOf, keyProviders } from "./key-owner.ts";

const provider = (prefix: string, known: readonly string[] = [], local = false): ModelProvider => ({
  prefix,
  label: prefix,
  keys: local ? [] : ["KEY"],
  has_key: false,
  local,
  known: [...known],
});

test("[UP10] each provider whose key can be saved is offered once, with the newest model of a suitable family", () => {
  const all = ["openai", "openai_chat", "gemini", "google", "nobody"].map((prefix) => provider(prefix));
  assert.deepEqual(
    keyProviders([...all, provider("ollama", [], true)]).map(({ prefix }) => prefix),
    ["openai", "gemini"],
  );
  assert.equal(
    suggestedModelOf(provider("openai", ["gpt-4.1", "gpt-10", "gpt-5.2", "gpt-5-mini", "text-3"])),
    "openai/gpt-10",
  );
  const claude = ["claude-sonnet-4-5", "claude-sonnet-5", "claude-v1", "claude-sonnet-4-5-20250929"];
  assert.equal(suggestedModelOf(provider("anthropic", claude)), "anthropic/claude-sonnet-5");
  assert.equal(suggestedModelOf(provider("azure", ["o1"])), "");
});
