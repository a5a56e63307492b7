import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { empty, fold, observation, type ConversationState, type NewEvent } from "@deckhand/protocol";
import { bubblewrapRuntimes } from "../../runtime/bubblewrap.ts";
import { readKnowledge, type KnowledgeFile } from "./files.ts";
import { splitFrontmatter } from "./frontmatter.ts";
import { knowledgeOf } from "./knowledge.ts";
import { calledFor, loadKnowledge, newKnowledge } from "./load.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-knowledge-"));
after(() => rm(folder, { recursive: true, force: true }));

const file = (path: string, text: string): KnowledgeFile => ({ path, text });
const text = (files: readonly KnowledgeFile[], deeper: readonly string[] = []): string =>
  knowledgeOf({ files, deeper }).always?.text ?? "";
const contentOf = (event: NewEvent | undefined): string =>
  event !== undefined && "observation" in event ? event.content : "";
const stateAfter = (state: ConversationState, events: readonly NewEvent[]): ConversationState =>
  fold(
    events.map((event, index) => ({ id: state.head + 1 + index, timestamp: "2026-01-01T00:00:00.000Z", ...event })),
    state,
  );

const skill = "---\nname: release\ndescription: How to  make\n  a release\n---\nStep one: …";
const microagent = "---\ntriggers: [kubernetes, k8s]\n---\nOur cluster is called blue.";

test("[A21] instructions come whole, skills by name and description, and neither is a word of the user", () => {
  const said = text([
    file("AGENTS.md", "Use tabs.\n"),
    file("CLAUDE.md", "Use tabs.\n"),
    file(".openhands/microagents/repo.md", "---\ntype: repo\n---\nRun make test."),
    file(".agents/skills/release/SKILL.md", skill),
  ]);
  assert.match(said, /not a word of the user/);
  assert.match(said, /## AGENTS\.md\n\nUse tabs\.\n\n## \.openhands\/microagents\/repo\.md\n\nRun make test\./);
  assert.match(said, /- release \(\.agents\/skills\/release\/SKILL\.md\): How to make a release$/);
  assert.ok(!said.includes("CLAUDE.md") && !said.includes("Step one"));
  assert.match(text([file("CLAUDE.md", "Use spaces.")]), /Use spaces\./);
  assert.match(text([], ["web/AGENTS.md"]), /before you work there: web\/AGENTS\.md/);
  assert.equal(knowledgeOf({ files: [], deeper: [] }).always, null);
  assert.ok(text([file("AGENTS.md", "x".repeat(100_000))]).length < 40_000);
});

test("[A22] a microagent is told when a message has one of its words, once, and again when it has changed", () => {
  const knowledge = knowledgeOf({ files: [file(".openhands/microagents/k8s.md", microagent)], deeper: [] });
  assert.equal(knowledge.always, null);
  for (const message of ["Deploy to K8s!", "kubernetes"]) {
    const events = calledFor(knowledge, message, empty);
    assert.match(contentOf(events[0]), /Our cluster is called blue\./, message);
    assert.deepEqual(calledFor(knowledge, message, stateAfter(empty, events)), []);
  }
  assert.deepEqual(calledFor(knowledge, "k8sish and unkubernetes", empty), []);
  const told = stateAfter(empty, calledFor(knowledge, "k8s", empty));
  const changed = knowledgeOf({ files: [file(".openhands/microagents/k8s.md", `${microagent}!`)], deeper: [] });
  assert.equal(calledFor(changed, "k8s", told).length, 1);
});

test("[A23] what has not changed since the last turn is not told again, and what has gone is said to have gone", () => {
  const knowledge = knowledgeOf({ files: [file("AGENTS.md", "One.")], deeper: [] });
  const told = stateAfter(empty, newKnowledge(knowledge, empty));
  assert.deepEqual(newKnowledge(knowledge, told), []);
  assert.equal(newKnowledge(knowledgeOf({ files: [file("AGENTS.md", "Two.")], deeper: [] }), told).length, 1);
  const gone = newKnowledge(knowledgeOf({ files: [], deeper: [] }), told);
  assert.match(contentOf(gone[0]), /no instructions/);
  assert.deepEqual(newKnowledge(knowledgeOf({ files: [], deeper: [] }), stateAfter(told, gone)), []);
  // A workspace that could not be read says nothing new.
  assert.deepEqual(newKnowledge(null, told), []);
  assert.equal(
    observation("environment", "knowledge", "", { pieces: [] }).message,
    "The workspace has no instructions any more.",
  );
});

test("[A24] a head that is no YAML, or means to be large, is as if it were not there", () => {
  for (const head of ["a: [", "- 1", "triggers: {a: 1}\nname: [x]", "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]"]) {
    const { head: read, body } = splitFrontmatter(`---\n${head}\n---\nBody`);
    assert.deepEqual([read, body], [{ name: "", description: "", triggers: [] }, "Body"], head);
  }
  assert.deepEqual(splitFrontmatter("No head.").body, "No head.");
});

test("[A25] files are read in the sandbox, bounded, and a link that leads out of the workspace tells nothing", async () => {
  const workspace = join(folder, "workspace");
  const path = process.env["DECKHAND_USER_PATH"] ?? process.env["PATH"] ?? "";
  const put = async (name: string, content: string): Promise<void> => {
    await mkdir(dirname(join(workspace, name)), { recursive: true });
    await writeFile(join(workspace, name), content);
  };
  await writeFile(join(folder, "secret"), "the secret");
  await put("AGENTS.md", `${"long ".repeat(10_000)}\0`);
  await put("deep/er/AGENTS.md", "Deeper.");
  await put("node_modules/x/AGENTS.md", "Not ours.");
  await put(".agents/skills/a b/SKILL.md", skill);
  await symlink(join(folder, "secret"), join(workspace, "CLAUDE.md"));
  await mkdir(join(workspace, ".openhands"));
  await symlink(folder, join(workspace, ".openhands/microagents"));
  await using runtime = await bubblewrapRuntimes({ dataHome: join(folder, "data"), userHome: homedir(), path }).create({
    workspace,
    home: join(folder, "home"),
  });
  const knowledge = await loadKnowledge((signal) => readKnowledge(runtime, signal), new AbortController().signal);
  const said = knowledge?.always?.text ?? "";
  assert.match(said, /## AGENTS\.md\n\nlong long/);
  assert.match(said, /release \(\.agents\/skills\/a b\/SKILL\.md\)/);
  assert.match(said, /before you work there: deep\/er\/AGENTS\.md\n/);
  assert.ok(said.length < 20_000 && !said.includes("secret") && !said.includes("node_modules"));
});
