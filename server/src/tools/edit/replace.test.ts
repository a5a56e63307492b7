import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cpuMs } from "../../async/cpu-time.test-kit.ts";
import { explainNoMatch } from "./no-match.ts";
import { replaceText } from "./replace.ts";

const python = [
  "class A:",
  "    def f(self):",
  "        return 1",
  "",
  "    def g(self):",
  "        return 2",
  "",
].join("\n");

function replaced(text: string, old: string, replacement: string): string | undefined {
  const result = replaceText(text, old, replacement);
  return result.type === "replaced" ? result.text : undefined;
}

test("[N11] a quote with less indentation matches, and its replacement is indented as the file is", () => {
  const quote = "def f(self):\n    return 1";
  assert.equal(
    replaced(python, quote, "def f(self):\n    if True:\n        return 3"),
    python.replace("        return 1", "        if True:\n            return 3"),
  );
});

test("[N11] tabs, trailing spaces, carriage returns and typographic quotes are ignored when matching", () => {
  assert.equal(
    replaced("if (a) {\n\tb();\n}\n", "if (a) {\n    b();\n}", "if (a) {\n    c();\n}"),
    "if (a) {\n\tc();\n}\n",
  );
  assert.equal(replaced("one  \ntwo\n", "one\ntwo\n", "three\n"), "three\n");
  assert.equal(replaced("a\r\nb\r\nc\r\n", "a\nb\n", "x\ny\n"), "x\r\ny\r\nc\r\n");
  assert.equal(replaced("say “hello” – now\nend", 'say "hello" - now', "bye"), "bye\nend");
});

test("[N11] a quote with a different structure does not match", () => {
  assert.equal(replaced("if a:\n    b\nc\n", "if a:\n    b\n    c\n", "x"), undefined);
  assert.equal(replaced("a\n\n\nb\n", " \n \n", "x"), undefined);
});

test("[N11] all loose matches are counted, so that an ambiguous one is not chosen", () => {
  const result = replaceText("  a = 1\n  b\n    a = 1\n    b\n", "a = 1\nb\n", "c\n");
  assert.ok(result.type === "replaced" && result.count === 2 && result.isLoose);
  assert.equal(result.text, "  c\n    c\n");
});

test("[N11] with any indentation and line endings, only the quoted lines of a file are replaced", () => {
  const line = fc
    .tuple(fc.nat(3), fc.stringMatching(/^[a-z]{5}$/))
    .map(([depth, word]) => "  ".repeat(depth + 1) + word);
  const file = fc.uniqueArray(line, { minLength: 3, maxLength: 12, selector: (each) => each.trim() });
  fc.assert(
    fc.property(file, fc.nat(), fc.nat(), fc.constantFrom("", "  "), fc.boolean(), (lines, a, b, end, crlf) => {
      const from = a % lines.length;
      const to = from + 1 + (b % (lines.length - from));
      const quote = lines.slice(from, to).map((each) => each.slice(2) + end);
      const newline = crlf ? "\r\n" : "\n";
      const text = lines.join(newline);
      const expected = [
        ...lines.slice(0, from),
        ...lines.slice(from, to).map((each) => `${each}!`),
        ...lines.slice(to),
      ];
      const replacement = lines.slice(from, to).map((each) => `${each.slice(2)}!`);
      assert.equal(replaced(text, quote.join("\n"), replacement.join("\n")), expected.join(newline));
    }),
  );
});

test("[N12] for a quote that does not match, the nearest lines and the first difference are shown", () => {
  const explanation = explainNoMatch("a.py", python, "    def g(self):\n        return 3\n");
  assert.equal(
    explanation,
    'old_str was not found in a.py. The nearest match is at line 5:\n5\t    def g(self):\n6\t        return 2\nLine 6 differs: old_str has "        return 3", the file "        return 2".',
  );
  assert.match(explainNoMatch("a.py", python, "return self.value\nclass A(Base)"), /nearest match is at line 1:/);
  assert.match(explainNoMatch("a.py", python, "    def f(self):\n      return 1"), /return 1/);
  assert.match(explainNoMatch("a.py", python, "nothing alike"), /Read the file/);
  assert.match(explainNoMatch("a.py", python, "        return 2\n\nend"), /Line 8 differs: .* the file ends there/);
});

test("[N12] the lines shown are bounded, and a large file is not searched line by line", () => {
  const long = `${"x".repeat(5000)}\n`.repeat(100);
  assert.ok(explainNoMatch("a", long, `${long}y`).length < 6000);
  const large = "line\n".repeat(1_000_000);
  const spentMs = cpuMs(() => {
    assert.deepEqual(replaceText(large, "  lime", "x"), { type: "not_found" });
    assert.match(explainNoMatch("a", large, "lime"), /Read the file/);
  });
  assert.ok(spentMs < 500, `${spentMs} ms`);
});
