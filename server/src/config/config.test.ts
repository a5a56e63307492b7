import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { environmentNames, parseConfig } from "./config.ts";

const page = await readFile(join(import.meta.dirname, "../../../docs/CONFIGURATION.md"), "utf8");
const readme = await readFile(join(import.meta.dirname, "../../../README.md"), "utf8");

const namesIn = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => /^\| `[A-Z]/.test(line))
    .flatMap((row) => row.split("|")[1]?.match(/[A-Z][A-Z_]+/g) ?? []);

test("[G1] docs/CONFIGURATION.md and the configuration name the same variables, and the README no other", () => {
  assert.deepEqual(namesIn(page).toSorted(), environmentNames.toSorted());
  assert.deepEqual(
    namesIn(readme).filter((name) => !environmentNames.includes(name)),
    [],
  );
});

test("[G2] an empty value is the same as none, and everything has a default", () => {
  const config = parseConfig({ PORT: "", LLM_MODEL: "", DECKHAND_HOME: "/data" });
  assert.equal(config.port, 3000);
  assert.equal(config.host, "127.0.0.1");
  assert.deepEqual(config.model, {});
  assert.equal(config.workspace, "/data/workspace");
});

test("[G3] what is wrong is told with the name of the variable, all at once", () => {
  assert.throws(
    () => parseConfig({ PORT: "99999", DECKHAND_TOKEN: "short", DECKHAND_RUNTIME: "none", LLM_BASE_URL: "nope" }),
    (error: Error) =>
      ["PORT", "DECKHAND_TOKEN", "DECKHAND_RUNTIME", "LLM_BASE_URL"].every((name) =>
        error.message.includes(`  ${name}: `),
      ),
  );
});

test("[Y3] limits of commands are sizes and numbers, and wrong ones are told", () => {
  const { commandLimits } = parseConfig({
    DECKHAND_MEMORY: "1.5G",
    DECKHAND_PROCESSES: "64",
    DECKHAND_FILE_SIZE: "2m",
  });
  assert.deepEqual(commandLimits, { memoryBytes: 1.5 * 2 ** 30, processes: 64, fileBytes: 2 * 2 ** 20 });
  assert.throws(() => parseConfig({ DECKHAND_MEMORY: "lots" }), /DECKHAND_MEMORY: a size is a number/);
});
