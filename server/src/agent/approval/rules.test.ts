import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { action, actionArgs, type ApprovalRule, type NewAction } from "@deckhand/protocol";
import { findCoveringRules, rulesFor } from "./rules.ts";

const run = (command: string, more: object = {}): NewAction =>
  action("agent", "run", actionArgs.run.parse({ command, ...more }));
const browse = (url: string): NewAction => action("agent", "browse", { url, thought: "" });
const rule = (pattern: string, kind = "run"): ApprovalRule => ({ action: kind, pattern });
const allowed = [rule("git status *"), rule("npm test *"), rule("ls -la"), rule("cat 'a b'"), rule("echo x")];
const isCovered = async (...args: Parameters<typeof findCoveringRules>): Promise<boolean> =>
  (await findCoveringRules(...args)) !== null;
const covered = (command: string, more: object = {}): Promise<boolean> => isCovered(run(command, more), "/w", allowed);

test("[Q13] a command line is covered if every simple command in it is", async () => {
  for (const command of [
    "git status",
    "git status -s --branch",
    "  git   status\t-s ",
    "git status; ls -la",
    "git status && npm test -- --only a=b || ls -la",
    "git status | ls -la",
    "git status\nls -la\n",
    "git 'status' \"-s\"",
    "git status 'a $(b) c'",
    'cat "a b"',
    "npm test;",
  ]) {
    assert.equal(await covered(command), true, command);
  }
});

/** Each of them does more than what was allowed, or something else. */
const bypasses: readonly string[] = [
  // chains
  "git status; rm a",
  "rm a; git status",
  "git status && rm a",
  "git status || rm a",
  "git status | rm a",
  "git status |& rm a",
  "git status & rm a",
  "git status &",
  "git status\nrm a",
  "git status\r\nrm a",
  "(git status; rm a)",
  "{ git status; rm a; }",
  "! git status",
  "if git status; then rm a; fi",
  "while git status; do rm a; done",
  "for x in a; do git status; done",
  "case x in x) git status;; esac",
  // substitutions and expansions
  "git status $(rm a)",
  "git status `rm a`",
  'git status "$(rm a)"',
  'git status "`rm a`"',
  "git status <(rm a)",
  "git status >(rm a)",
  "git status $x",
  'git status "$x"',
  "git status ${x:=$(rm a)}",
  "git status $((x=1))",
  "git status {a,b}",
  "git status *",
  "git status ?.ts",
  "git status [ab]",
  "git status ~",
  "git status $'\\n'",
  'git status $"a"',
  // redirections and here-documents
  "git status > a",
  "git status >> a",
  "git status >| a",
  "git status &> a",
  "git status 2> a",
  "git status < a",
  "git status <> a",
  "> a git status",
  "git status <<< x",
  "git status <<E\n$(rm a)\nE\n",
  "git status <<'E'\nrm a\nE\n",
  // assignments
  "GIT_PAGER=rm git status",
  "PATH=. git status",
  "x=1",
  "x=(a b)",
  // commands that run other programs, or change the meaning of later ones
  "env git status",
  "sudo git status",
  "command git status",
  "builtin git status",
  "eval git status",
  "exec git status",
  "bash -c 'git status'",
  "sh -c 'rm a'",
  "/bin/bash -c 'rm a'",
  "find . -exec rm a ';'",
  "xargs git status",
  "ls -la | xargs rm",
  "time git status",
  "coproc git status",
  "nohup git status",
  "timeout 9 git status",
  "alias git=rm; git status",
  "git() { rm a; }; git status",
  "function git { rm a; }; git status",
  "export PATH=.; git status",
  "trap 'rm a' EXIT; git status",
  "cd /; git status",
  ". ./a",
  "source a",
  // the command word
  "g\\it status",
  "\\git status",
  "g''it status",
  'g"i"t status',
  '"$x" status',
  "$x status",
  "g?t status",
  "{git,status}",
  "./git status",
  "/tmp/git status",
  "Git status",
  "'git' status",
  "git  -c core.pager=rm status",
  "git statusx",
  "git",
  "ls -la b",
  "ls  -l -a",
  "cat a b",
  "cat 'a b' c",
  // what a person or the parser may miss
  "git sta\\\ntus",
  "git status \\\n; rm a",
  "git status # ; rm a",
  "# git status",
  "\u0261it status",
  "git\u00a0status",
  "git status\u202e",
  "git status\u200b",
  "git status\u0000rm a",
  "git status \u001b[2K",
  "git status '",
  'git status "',
  "git status )",
  "git status ((",
  "git status $(",
  "git status ;; rm a",
  "git status && ",
  "[[ -n $(rm a) ]]",
  "((x=1))",
  "",
  " \n ",
  ";",
];

test("[Q14] a command that does more than was allowed, or cannot be parsed with certainty, is not covered", async () => {
  assert.ok(bypasses.length >= 60);
  for (const command of bypasses) assert.equal(await covered(command), false, JSON.stringify(command));
  assert.equal(await covered("git status", { input: "y" }), false, "input goes to whatever runs");
  assert.equal(await covered("git status", { background: true }), false);
});

test("[O13] no rule covers input to a job; a rule can cover checking one", async () => {
  const job = (args: object): NewAction => action("agent", "job", actionArgs.job.parse({ id: "j1", ...args }));
  const withJobRule = [rule("*", "job"), ...allowed];
  for (const args of [{}, { wait: 9 }, { signal: "TERM" }]) {
    assert.deepEqual(await rulesFor(job(args), "/w"), [rule("*", "job")]);
    assert.equal(await isCovered(job(args), "/w", withJobRule), true);
  }
  for (const args of [{ input: "git status\n" }, { input: "" }, { keys: ["enter"] }, { keys: [], wait: 1 }]) {
    assert.deepEqual(await rulesFor(job(args), "/w"), [], JSON.stringify(args));
    assert.equal(await isCovered(job(args), "/w", withJobRule), false, JSON.stringify(args));
  }
  for (const more of [{ background: true }, { tty: true }, { input: "x" }]) {
    assert.equal(await covered("git status", more), false, JSON.stringify(more));
  }
});

test("[Q14] a command that is too long is rejected quickly, without parsing it", async () => {
  const start = process.threadCpuUsage();
  for (const command of [
    "git status;".repeat(10_000),
    `git status ${"a ".repeat(1_900)}`,
    "(".repeat(3_000),
    `git status ${"$(".repeat(1_500)}`,
    "git status | ".repeat(250),
  ]) {
    assert.equal(await covered(command), false);
  }
  const { user, system } = process.threadCpuUsage(start);
  assert.ok(user + system < 2_000_000, `${user + system} µs of CPU time`);
});

test("[Q13] a rule covers the command it was made from, and removing any rule uncovers it", async () => {
  const word = fc.oneof(
    fc.constantFrom(
      "git",
      "status",
      "npm",
      "test",
      "ls",
      "rm",
      "-la",
      "a b",
      "*",
      "$(x)",
      "'",
      '"',
      "a=b",
      ";",
      "\\",
      "",
    ),
    fc.string({ maxLength: 4 }),
  );
  const quoted = fc.tuple(word, fc.constantFrom("", "'", '"')).map(([text, quote]) => quote + text + quote);
  const join = fc.constantFrom("; ", " && ", " || ", " | ", "\n", " & ", " > ", " $(", ")", " ");
  const line = fc.array(fc.tuple(quoted, quoted, join), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(line, async (parts) => {
      const command = parts.map(([name, argument, joint]) => `${name} ${argument}${joint}`).join("");
      const rules = await rulesFor(run(command), "/w");
      if (rules.length === 0) {
        assert.equal(await covered(command), false);
        return;
      }
      assert.equal(await isCovered(run(command), "/w", rules), true);
      for (const removed of rules) {
        const others = rules.filter((each) => each !== removed);
        assert.equal(await isCovered(run(command), "/w", others), false, `without ${removed.pattern}`);
      }
      // Allowed commands are joined only by operators that mean no more than "and then".
      assert.ok(!/[`\\$<>(){}&*]/.test(command.replaceAll(/'[^']*'|"[^"]*"|&&/g, "")), command);
    }),
    { numRuns: 800 },
  );
});

test("[Q13] the narrowest rule is offered: the exact command, a tool's subcommand, an origin, a path", async () => {
  assert.deepEqual(await rulesFor(run("git status -s && rm 'a b'"), "/w"), [rule("git status *"), rule("rm 'a b'")]);
  assert.deepEqual(await rulesFor(run("git push"), "/w"), [rule("git push")]);
  assert.deepEqual(await rulesFor(run("bash x.sh"), "/w"), []);
  assert.deepEqual(await rulesFor(browse("https://Example.org:443/a?b"), "/w"), [
    rule("https://example.org", "browse"),
  ]);
  assert.deepEqual(await rulesFor(browse("https://a@example.org/"), "/w"), []);
  const write = action("agent", "write", actionArgs.write.parse({ path: "../x/../y", content: "" }));
  assert.deepEqual(await rulesFor(write, "/w"), [rule("/y", "write")]);
  const known = [rule("https://example.org", "browse"), rule("/y", "write")];
  assert.equal(await isCovered(browse("https://example.org/other"), "/w", known), true);
  assert.equal(await isCovered(browse("https://example.org.evil.net/"), "/w", known), false);
  assert.equal(await isCovered(browse("http://example.org/"), "/w", known), false);
  assert.equal(await isCovered(write, "/w", known), true);
  assert.equal(await isCovered(run("git status"), "/w", known), false);
});
