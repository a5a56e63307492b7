import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { emptyState, fold, observation, type ConversationState, type NewEvent } from "@deckhand/protocol";
import { bubblewrapRuntimes } from "../../runtime/bubblewrap.ts";
import { readInstructionFiles, type TextFile } from "./workspace-files.ts";
import { splitFrontmatter } from "./frontmatter.ts";
import { matchesGlob } from "./glob.ts";
import { buildInstructions } from "./instructions.ts";
import { triggeredByMessage, loadInstructions, changedInstructions } from "./load.ts";
import { triggeredByPaths } from "./path-triggered.ts";
import { readUserSkill, readUserInstructions } from "./user-instructions.ts";
import { cpuMs } from "../../async/cpu-time.test-kit.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-instructions-"));
after(() => rm(folder, { recursive: true, force: true }));

const file = (path: string, text: string): TextFile => ({ path, text });
const textOf = (files: readonly TextFile[], nested: readonly string[] = []): string =>
  buildInstructions({ files, nested }).always?.text ?? "";
const contentOf = (event: NewEvent | undefined): string =>
  event !== undefined && "observation" in event ? event.content : "";
const stateAfter = (state: ConversationState, events: readonly NewEvent[]): ConversationState =>
  fold(
    events.map((event, index) => ({ id: state.head + 1 + index, timestamp: "2026-01-01T00:00:00.000Z", ...event })),
    state,
  );

const skill = "---\nname: release\ndescription: How to  make\n  a release\n---\nStep one: …";
const microagent = "---\ntriggers: [kubernetes, k8s]\n---\nOur cluster is called blue.";

test("[A21] instructions are included whole and skills by name and description, both marked as not from the user", () => {
  const shown = textOf([
    file("AGENTS.md", "Use tabs.\n"),
    file("CLAUDE.md", "Use tabs.\n"),
    file(".openhands/microagents/repo.md", "---\ntype: repo\n---\nRun make test."),
    file(".agents/skills/release/SKILL.md", skill),
  ]);
  assert.match(shown, /from the project, not from the user/);
  assert.match(shown, /## AGENTS\.md\n\nUse tabs\.\n\n## \.openhands\/microagents\/repo\.md\n\nRun make test\./);
  assert.match(shown, /- release \(\.agents\/skills\/release\/SKILL\.md\): How to make a release$/);
  assert.ok(!shown.includes("CLAUDE.md") && !shown.includes("Step one"));
  assert.match(textOf([file("CLAUDE.md", "Use spaces.")]), /Use spaces\./);
  assert.match(textOf([], ["web/AGENTS.md"]), /shown to you when you work there: web\/AGENTS\.md/);
  assert.equal(buildInstructions({ files: [], nested: [] }).always, null);
  assert.ok(textOf([file("AGENTS.md", "x".repeat(100_000))]).length < 40_000);
});

test("[A22] a microagent is shown once when a message contains a trigger, and again after it changed", () => {
  const instructions = buildInstructions({ files: [file(".openhands/microagents/k8s.md", microagent)], nested: [] });
  assert.equal(instructions.always, null);
  for (const message of ["Deploy to K8s!", "kubernetes"]) {
    const events = triggeredByMessage(instructions, message, emptyState);
    assert.match(contentOf(events[0]), /Our cluster is called blue\./, message);
    assert.deepEqual(triggeredByMessage(instructions, message, stateAfter(emptyState, events)), []);
  }
  assert.deepEqual(triggeredByMessage(instructions, "k8sish and unkubernetes", emptyState), []);
  const shown = stateAfter(emptyState, triggeredByMessage(instructions, "k8s", emptyState));
  const changed = buildInstructions({ files: [file(".openhands/microagents/k8s.md", `${microagent}!`)], nested: [] });
  assert.equal(triggeredByMessage(changed, "k8s", shown).length, 1);
});

test("[A23] unchanged instructions are not shown again, and removed instructions are reported as removed", () => {
  const instructions = buildInstructions({ files: [file("AGENTS.md", "One.")], nested: [] });
  const shown = stateAfter(emptyState, changedInstructions(instructions, emptyState));
  assert.deepEqual(changedInstructions(instructions, shown), []);
  assert.equal(
    changedInstructions(buildInstructions({ files: [file("AGENTS.md", "Two.")], nested: [] }), shown).length,
    1,
  );
  const gone = changedInstructions(buildInstructions({ files: [], nested: [] }), shown);
  assert.match(contentOf(gone[0]), /no longer has instructions/);
  assert.deepEqual(changedInstructions(buildInstructions({ files: [], nested: [] }), stateAfter(shown, gone)), []);
  // A workspace that could not be read changes nothing.
  assert.deepEqual(changedInstructions(null, shown), []);
  assert.equal(
    observation("environment", "instructions", "", { files: [] }).message,
    "The workspace no longer has instructions.",
  );
});

test("[A24] frontmatter that is not YAML or expands to a huge value counts as missing", () => {
  for (const head of ["a: [", "- 1", "triggers: {a: 1}\nname: [x]", "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]"]) {
    const { head: read, body } = splitFrontmatter(`---\n${head}\n---\nBody`);
    const missing = { name: "", description: "", triggers: [], paths: [], globs: [] };
    assert.deepEqual([read, body], [missing, "Body"], head);
  }
  assert.deepEqual(splitFrontmatter("No head.").body, "No head.");
});

test("[A25] files are read in the sandbox up to a limit, and a link out of the workspace is not followed", async () => {
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
  const instructions = await loadInstructions(
    { workspace: (signal) => readInstructionFiles(runtime, signal) },
    new AbortController().signal,
  );
  const shown = instructions?.always?.text ?? "";
  assert.match(shown, /## AGENTS\.md\n\nlong long/);
  assert.match(shown, /release \(\.agents\/skills\/a b\/SKILL\.md\)/);
  assert.match(shown, /shown to you when you work there: deep\/er\/AGENTS\.md\n/);
  assert.ok(shown.length < 20_000 && !shown.includes("secret") && !shown.includes("node_modules"));
});

const sql = "---\nname: sql\ndescription: How we write SQL\npaths: ['*.sql', 'db/**/*.ts']\n---\nCapitals.";

test("[EV6] a skill or microagent with paths is shown when the agent works on a matching file", () => {
  const instructions = buildInstructions({
    files: [
      file(".agents/skills/sql/SKILL.md", sql),
      file(".openhands/microagents/docs.md", "---\nglobs: docs/**, *.md\n---\nBe brief."),
    ],
    nested: [],
  });
  const bodies = (path: string): readonly string[] => instructions.forPath(path).map((each) => each.text);
  for (const path of ["a.sql", "deep/er/b.sql", "db/x/y.ts"]) assert.match(bodies(path)[0] ?? "", /Capitals\./, path);
  for (const path of ["docs/a/b.txt", "README.md", "x/y.md"]) assert.match(bodies(path)[0] ?? "", /Be brief\./, path);
  for (const path of ["a.ts", "db.ts", "sql", "x/docs/a"]) assert.deepEqual(bodies(path), [], path);
  // At the start of a turn only the name is shown, not the body.
  assert.ok(!(instructions.always?.text ?? "").includes("Capitals"));
  assert.match(instructions.always?.text ?? "", /- sql \(\.agents\/skills\/sql\/SKILL\.md\): How we write SQL/);
});

test("[EV6] globs support stars, names in any folder, nested folders and braces, and none of them takes long", () => {
  for (const [glob, path] of [
    ["*.ts", "a/b/c.ts"],
    ["src/**/*.ts", "src/c.ts"],
    ["src/**/*.ts", "src/a/b/c.ts"],
    ["**/test/**", "a/test/b/c"],
    ["./a?c/{x,y}.{ts,tsx}", "abc/y.tsx"],
    ["src/**", "src/a/b"],
  ] as const) {
    assert.ok(matchesGlob(path, glob), glob);
  }
  for (const [glob, path] of [
    ["*.ts", "a.tsx"],
    ["src/*.ts", "src/a/b.ts"],
    ["src/*.ts", "x/src/b.ts"],
    ["a/**/b", "a/c"],
    ["[a-z].ts", "b.ts"],
    ["", "a"],
  ] as const) {
    assert.ok(!matchesGlob(path, glob), glob);
  }
  const took = cpuMs(() => {
    for (const glob of ["*a*a*a*a*b", "**/a/**/a/**/a/**/b", "{1..9999999}", "{a,b}".repeat(40), "+(a|aa)+(a|aa)b"]) {
      assert.ok(!matchesGlob("a/".repeat(200) + "a".repeat(1000), glob), glob);
    }
  });
  assert.ok(took < 200, `${took} ms`);
});

test("[EV7] the AGENTS.md of a subfolder is shown only when the agent works there, the nearest one last", async () => {
  const workspace = join(folder, "nested");
  const path = process.env["DECKHAND_USER_PATH"] ?? process.env["PATH"] ?? "";
  for (const [name, words] of [
    ["web", "Web."],
    ["web/deep", "Deep."],
    ["other", "Other."],
  ] as const) {
    await mkdir(join(workspace, name), { recursive: true });
    await writeFile(join(workspace, name, "AGENTS.md"), words);
  }
  await using runtime = await bubblewrapRuntimes({ dataHome: join(folder, "data"), userHome: homedir(), path }).create({
    workspace,
    home: join(folder, "nested-home"),
  });
  const { signal } = new AbortController();
  const instructions = await loadInstructions({ workspace: (each) => readInstructionFiles(runtime, each) }, signal);
  const shown = (names: readonly string[], state: ConversationState) =>
    triggeredByPaths(
      instructions,
      names.map((name) => join(workspace, name)),
      state,
      async () => runtime,
      signal,
    );
  const events = await shown(["web/deep/a.ts", "web/deep/b.ts"], emptyState);
  assert.deepEqual(
    events.map((event) => /\n(\w+\.)$/.exec(contentOf(event))?.[1]),
    ["Web.", "Deep."],
  );
  assert.match(contentOf(events[1]), /not from the user[\s\S]*Applies to web\/deep and takes precedence/);
  const state = stateAfter(stateAfter(emptyState, changedInstructions(instructions, emptyState)), events);
  assert.deepEqual(await shown(["web/deep/a.ts", "web/x", "top.ts", "../out"], state), []);
  // The instructions at the start of the next turn are unchanged.
  assert.deepEqual(changedInstructions(instructions, state), []);
  assert.equal((await shown(["other/x"], state)).length, 1);
  // The agent has just read it.
  assert.deepEqual(await shown(["other/AGENTS.md"], state), []);
});

test("[EV8] the user's own instructions come first and count as the user's words; their skills are read by name", async () => {
  const home = join(folder, "own");
  for (const [name, words] of [
    ["good", skill],
    ["broken", ""],
    ["pathed", sql],
  ] as const) {
    await mkdir(join(home, "skills", name), { recursive: true });
    if (words !== "") await writeFile(join(home, "skills", name, "SKILL.md"), words);
  }
  assert.deepEqual(await readUserInstructions(home).then(({ instructions }) => instructions), null);
  await writeFile(join(home, "AGENTS.md"), `Call me Ishmael.${" ".repeat(20_000)}x`);
  const user = await readUserInstructions(home);
  const instructions = buildInstructions({ files: [file("AGENTS.md", "Use tabs.")], nested: [] }, user);
  const shown = instructions.always?.text ?? "";
  assert.match(shown, /^\(The user's own instructions for all conversations\.\)\n\nCall me Ishmael\./);
  assert.match(
    shown,
    /- release \(skill:good\): How to make a release\n- sql \(skill:pathed\)[\s\S]*Instructions from files in the workspace[\s\S]*Use tabs\./,
  );
  assert.ok(!shown.includes("broken") && shown.length < 20_000);
  assert.match(instructions.forPath("a.sql")[0]?.text ?? "", /^\(The user's own[\s\S]*Capitals/);
  assert.equal(await readUserSkill(home, "good"), skill);
  for (const name of ["broken", "none", "../skills/good", ".", ""])
    assert.equal(await readUserSkill(home, name), undefined);
  assert.deepEqual(await readUserInstructions(join(folder, "nowhere")), { instructions: null, skills: [] });
});
