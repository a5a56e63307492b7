import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createTools } from "../../tools/tools.ts";
import { listAgents, createAgentFinder } from "../agents.ts";
import { isDefinitionError, parseDefinition } from "./definition.ts";
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

test("[DG1] the agents of the first protocol are there, and explorer, reviewer and tester; who only looks has no tool that changes anything", () => {
  const names = listAgents().map(({ name }) => name);
  // The names that the original's own list had, but for one that was a variant of the default.
  const original =
    "BrowsingAgent CodeActAgent CoderAgent CommitWriterAgent DelegatorAgent DummyAgent ManagerAgent MathAgent PlannerAgent PostgresAgent RepoExplorerAgent StudyRepoForTaskAgent TypoFixerAgent VerifierAgent";
  assert.deepEqual(names, [...original.split(" "), "explorer", "reviewer", "tester"]);
  const find = createAgentFinder(tools);
  for (const name of names) assert.equal(find(name, "/w")?.name, name);
  for (const name of ["explorer", "reviewer", "RepoExplorerAgent", "StudyRepoForTaskAgent"]) {
    assert.deepEqual(find(name, "/w")?.toolNames, ["read", "search", "think", "finish", "reject"], name);
  }
  assert.ok(find("tester", "/w")?.toolNames.includes("run"));
});

test("[DG1] a definition says what its agent gives back, with which model, and within which limits", () => {
  const definition = parseDefinition(reader);
  assert.ok(!isDefinitionError(definition));
  const agent = createAgentFinder(tools, [definition])("reader", "/w");
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

test("[DG3] the prompt begins with the agent's own words, the same in every workspace, and ends with the workspace", () => {
  const find = createAgentFinder(tools);
  for (const { name, prompt } of builtInDefinitions) {
    const [here, there] = [find(name, "/here")?.prompt ?? "", find(name, "/there")?.prompt ?? ""];
    assert.ok(here.startsWith(prompt) && there.startsWith(prompt), name);
    assert.match(here.slice(prompt.length), /^\n\nThe workspace is \/here\b/);
  }
});

test("[DG2] a user's own definitions come beside the shipped ones; a broken one is told with file and line and left out", async () => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-agents-"));
  try {
    const own = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
    await own("reader.md", reader);
    await own("reviewer.md", reader.replace("name: reader", "name: reviewer"));
    await own("second-reader.md", reader);
    await own("notes.txt", "no definition");
    await own("yaml.md", reader.replace("[read]", "[read"));
    await own("tool.md", reader.replace("[read]", "\n  - read\n  - sudo"));
    await own("key.md", reader.replace("approval:", "permission:"));
    await own("head.md", "You read.");
    await own("empty.md", reader.replace("You read.", ""));
    await own("name.md", reader.replace("name: reader", "name: ../x"));
    await own("dummy.md", reader.replace("name: reader", "name: DummyAgent"));
    await own("large.md", reader + "x".repeat(70_000));
    await mkdir(join(folder, "folder.md"));
    const { definitions, errors: flaws } = await loadDefinitions(folder);
    const find = createAgentFinder(tools, definitions);
    assert.match(find("reader", "/w")?.prompt ?? "", /^You read\./);
    assert.match(find("reviewer", "/w")?.prompt ?? "", /^You read\./);
    assert.match(find("explorer", "/w")?.prompt ?? "", /^You answer/);
    assert.equal(definitions.filter(({ name }) => name === "reviewer").length, 1);
    const told = flaws.map((flaw) => flaw.slice(folder.length + 1).replace(/^([^:]+:\d+).*/s, "$1"));
    assert.deepEqual(told, [
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
