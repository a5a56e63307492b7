import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseGitConfig } from "./git-config.ts";

/** What git itself reads: `section.name` in lower case, and the value. */
function readByGit(text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "deckhand-config-"));
  try {
    writeFileSync(join(folder, "config"), text);
    const args = ["config", "-z", "--no-includes", "--file", join(folder, "config"), "--list"];
    return String(execFileSync("git", args, { cwd: folder }))
      .split("\0")
      .filter((entry) => entry.includes("\n"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const parsed = (text: string): string[] =>
  parseGitConfig(text).map(({ section, name, value }) => `${section}.${name}\n${value}`);

const files = {
  "a comment behind the value":
    "[include]\n\tpath = ../shared.gitconfig ; team\n[core]\n\thooksPath = .githooks # ours\n",
  "a setting on the section's line": "[core] hooksPath = .githooks\n[include]path=x\n",
  "two sections on one line": "[core] [include] path = x\n",
  quotes: '[core]\n hooksPath = "a # b; c"  # d\n x = a" b "c\n y = "\\"q\\"" "z"\n',
  "continuation lines": "[core]\n hooksPath = .git\\\nhooks\n path = a \\\n  b\n",
  "a continuation in a quote": '[core]\nhooksPath = "a\\\nb"\n',
  "a comment that ends with a backslash": "[core]\n# x \\\nhooksPath = y ; z \\\npath = w\n",
  "carriage returns": "[core]\r\n\thooksPath = x\r\n\tpath = a\\\r\nb\r\n",
  "a byte order mark": "\u{feff}[core]\nhooksPath = x\n",
  "no final newline": "[core]\nhooksPath = x",
  "names in any case": "[CORE]\nHOOKSPATH = x\n[InCludeIf]\npath = y\n",
  "blanks around": "[core]\n \t hooksPath \t = \t  x  y \t \n",
  "a name without a value": "[core]\nbare\nhooksPath = x\n",
  "an empty value": "[core]\nhooksPath =\nx = 1\n",
  escapes: '[core]\nhooksPath = a\\\\b\\tc\\"d\n',
};
for (const [what, text] of Object.entries(files)) {
  test(`[Y13] git settings are read as git reads them: ${what}`, () => {
    const byGit = readByGit(text);
    assert.ok(byGit.length > 0);
    assert.deepEqual(parsed(text), byGit);
  });
}

test("[Y13] a subsection in quotes belongs to its section", () => {
  const [first] = parseGitConfig('[includeIf "gitdir:a]\\"b\\\\"] path = x');
  assert.deepEqual(first, { section: 'includeif.gitdir:a]"b\\', name: "path", value: "x" });
});

test("[Y13] a faulty line hides no setting of another line", () => {
  const text = '[core\n[core]\nhooksPath "x"\n= y\nfsmonitor = "open\nhooksPath = z\\q\nhooksPath = w\n';
  assert.deepEqual(parsed(text), ["core.hookspath\nw"]);
});

const repeated = (part: string): string => part.repeat(Math.ceil((512 * 1024) / part.length));
for (const [what, text] of Object.entries({
  blanks: `path=${repeated(" ")}x"y\n`,
  "blanks before the name": `${repeated(" ")}path`,
  newlines: repeated("\n"),
  "line continuations": `[a]\npath = ${repeated("\\\n")}`,
  quotes: `[a]\npath = ${repeated('"')}`,
  "open sections": repeated("["),
  "open sections on one line": repeated('["'),
  "subsections that continue": repeated('[\\"\\\n'),
  escapes: `[a]\npath = ${repeated("\\")}`,
  comments: repeated("#;"),
  "names without values": repeated("a "),
  equals: `[a]\npath ${repeated("= ")}`,
  zeros: repeated("\0"),
  "values and blanks": `[a]\npath = ${repeated("x ")}`,
})) {
  test(`[Y13] half a mebibyte of settings is read in well under a second: ${what}`, () => {
    const began = performance.now();
    parseGitConfig(text);
    assert.ok(performance.now() - began < 500, `${performance.now() - began} ms`);
  });
}
