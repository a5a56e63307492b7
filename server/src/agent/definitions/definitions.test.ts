import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createTools } from "../../tools/tools.ts";
import { listAgents, createAgentFinder } from "../agents.ts";
import { parseDefinition } from "./definition.ts";
import { builtInDefinitions, loadDefinitions } from "./load.ts";

const tools = createTools({ commandTimeoutMs: 1000, browseAllow: [] });

const reader = `---
name: reader
description: Reads.
tools: [read]
outputs: { facts: list, sure: boolean }
model: gpt-4o-mini
limits: { steps: 3, cost_usd: 0.5 }
approval: always
---

You read.
`;

test("[DG1] the agents of OpenHands and explorer, reviewer and tester are built in; the read-only ones have no tool that changes anything", () => {
  const names = listAgents().map(({ name }) => name);
  // The names in OpenHands' own list, except for one that was a variant of the default.
  const openHandsNames =
    "BrowsingAgent CodeActAgent CoderAgent CommitWriterAgent DelegatorAgent DummyAgent ManagerAgent MathAgent PlannerAgent PostgresAgent RepoExplorerAgent StudyRepoForTaskAgent TypoFixerAgent VerifierAgent";
  assert.deepEqual(names, [...openHandsNames.split(" "), "explorer", "reviewer", "tester"]);
  const find = createAgentFinder(tools);
  for (const name of names) assert.equal(find(name, "/w")?.name, name);
  for (const name of ["explorer", "reviewer", "RepoExplorerAgent", "StudyRepoForTaskAgent"]) {
    assert.deepEqual(find(name, "/w")?.toolNames, ["read", "search", "think", "finish", "reject"], name);
  }
  assert.ok(find("tester", "/w")?.toolNames.includes("run"));
});

test("[DG1] a definition sets its agent's outputs, model, limits and approval policy", () => {
  const parsed = parseDefinition(reader);
  assert.ok(parsed.type === "valid");
  const agent = createAgentFinder(tools, [parsed.definition])("reader", "/w");
  assert.equal(agent?.definition?.model, "gpt-4o-mini");
  assert.deepEqual(agent?.definition?.limits, { steps: 3, cost_usd: 0.5 });
  assert.equal(agent?.definition?.approval, "always");
  const finish = agent?.toolSpecs.find(({ name }) => name === "finish")?.parameters as {
    properties: { outputs: unknown };
    required: string[];
  };
  assert.deepEqual(finish.properties.outputs, {
    type: "object",
    properties: { facts: { type: "array", items: { type: "string" } }, sure: { type: "boolean" } },
    required: ["facts", "sure"],
  });
  assert.ok(finish.required.includes("outputs"));
});

test("[DG3] the prompt starts with the definition's text, the same in every workspace, and ends with the workspace", () => {
  const find = createAgentFinder(tools);
  for (const { name, prompt } of builtInDefinitions) {
    const [here, there] = [find(name, "/here")?.prompt ?? "", find(name, "/there")?.prompt ?? ""];
    assert.ok(here.startsWith(prompt) && there.startsWith(prompt), name);
    assert.match(here.slice(prompt.length), /^\n\nThe workspace is \/here\b/);
  }
});

test("[DG2] a user's definitions are added to the built-in ones; an invalid one is reported with file and line and ignored", async () => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-agents-"));
  try {
    const put = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
    await put("reader.md", reader);
    await put("reviewer.md", reader.replace("name: reader", "name: reviewer"));
    await put("second-reader.md", reader);
    await put("notes.txt", "no definition");
    await put("yaml.md", reader.replace("[read]", "[read"));
    await put("tool.md", reader.replace("[read]", "\n  - read\n  - sudo"));
    await put("key.md", reader.replace("approval:", "permission:"));
    await put("head.md", "You read.");
    await put("empty.md", reader.replace("You read.", ""));
    await put("name.md", reader.replace("name: reader", "name: ../x"));
    await put("dummy.md", reader.replace("name: reader", "name: DummyAgent"));
    await put("large.md", reader + "x".repeat(70_000));
    await mkdir(join(folder, "folder.md"));
    const { definitions, errors } = await loadDefinitions(folder);
    const find = createAgentFinder(tools, definitions);
    assert.match(find("reader", "/w")?.prompt ?? "", /^You read\./);
    assert.match(find("reviewer", "/w")?.prompt ?? "", /^You read\./);
    assert.match(find("explorer", "/w")?.prompt ?? "", /^You answer/);
    assert.equal(definitions.filter(({ name }) => name === "reviewer").length, 1);
    const reported = errors.map((error) => error.slice(folder.length + 1).replace(/^([^:]+:\d+).*/s, "$1"));
    assert.deepEqual(reported, [
      "dummy.md:2",
      "empty.md:10",
      "folder.md:1",
      "head.md:1",
      "key.md:8",
      "large.md:1",
      "name.md:2",
      "second-reader.md:2",
      "tool.md:6",
      "yaml.md:5",
    ]);
    assert.deepEqual((await loadDefinitions(join(folder, "nothing"))).errors, []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
