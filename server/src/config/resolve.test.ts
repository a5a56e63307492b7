import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { settingsSections, type ServerSettings } from "@deckhand/protocol";
import { options } from "./config.ts";
import { knownVariables, variableWarnings, type Environment } from "./environment.ts";
import { resolveConfig } from "./resolve.ts";

const resolve = (environment: Environment) => resolveConfig({ environment }).config;

test("[G1] every variable in the README's table exists, and no two options share a name or a variable", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../../README.md"), "utf8");
  const rows = readme.split("\n").filter((line) => /^\| `[A-Z]/.test(line));
  const mentioned = rows.flatMap((row) => row.split("|")[1]?.match(/[A-Z][A-Z_]+/g) ?? []);
  assert.ok(mentioned.length > 5);
  assert.deepEqual(
    mentioned.filter((name) => !knownVariables.includes(name)),
    [],
  );
  assert.equal(new Set(knownVariables).size, knownVariables.length);
  assert.equal(new Set(options.map(({ name }) => name)).size, options.length);
});

test("[G1] options that can be saved have the names of settings.json", () => {
  const inFile = (["model", "limits", "approval", "network", "agents"] as const).flatMap((section) =>
    Object.keys(settingsSections[section].shape).map((key) => `${section}.${key}`),
  );
  assert.deepEqual(
    options
      .filter(({ saved }) => saved !== undefined)
      .map(({ name }) => name)
      .toSorted(),
    inFile.toSorted(),
  );
});

test("[G2] an empty variable counts as unset, and every option has a default or is undefined", () => {
  const config = resolve({ PORT: "", LLM_MODEL: "", DECKHAND_HOME: "/data" });
  assert.equal(config.server.port, 3000);
  assert.equal(config.server.host, "127.0.0.1");
  assert.deepEqual([config.model.name, config.model.apiKey, config.model.baseUrl], [undefined, undefined, undefined]);
  assert.equal(config.workspace.folder, "/data/workspace");
  assert.equal(config.agents.folder, "/data/agents");
  assert.equal(resolve({}).server.home, join(homedir(), ".local/share/deckhand"));
  assert.equal(resolve({ XDG_DATA_HOME: "/xdg" }).workspace.folder, "/xdg/deckhand/workspace");
});

test("[G3] all invalid values are reported at once, each with its variable, the value and what is allowed", () => {
  const environment = {
    PORT: "99999",
    DECKHAND_TOKEN: "short-secret",
    DECKHAND_RUNTIME: "none",
    LLM_BASE_URL: "nope",
    DECKHAND_TITLES: "maybe",
  };
  assert.throws(() => resolve(environment), {
    message: [
      "Invalid configuration:",
      '  LLM_BASE_URL: "nope" is not valid; expected a URL such as http://127.0.0.1:8000/v1.',
      '  DECKHAND_TITLES: "maybe" is not valid; expected true or false.',
      '  DECKHAND_RUNTIME: "none" is not valid; expected one of bubblewrap, docker, kubernetes, host.',
      '  PORT: "99999" is not valid; expected an integer from 0 to 65535.',
      "  DECKHAND_TOKEN: expected at least 16 characters.",
    ].join("\n"),
  });
});

test("[Y3] limits of commands are sizes and numbers", () => {
  const { sandbox } = resolve({ DECKHAND_MEMORY: "1.5G", DECKHAND_PROCESSES: "64", DECKHAND_FILE_SIZE: "2m" });
  const { memoryBytes, processes, cpus, fileBytes } = sandbox;
  assert.deepEqual([memoryBytes, processes, cpus, fileBytes], [1.5 * 2 ** 30, 64, undefined, 2 * 2 ** 20]);
  assert.throws(() => resolve({ DECKHAND_MEMORY: "lots" }), /DECKHAND_MEMORY: "lots" is not valid; expected a size/);
  assert.throws(() => resolve({ DECKHAND_PROCESSES: "15" }), /expected an integer of at least 16/);
});

test("[G4] defaults < saved settings < environment < flags, and each value knows its source", () => {
  const saved: ServerSettings = { limits: { max_steps: 1, max_tokens: 10, max_seconds: 20 } };
  const environment = { MAX_ITERATIONS: "2", DECKHAND_MAX_TOKENS: "11" };
  const flags = { "limits.max_steps": { flag: "--set limits.max_steps", text: "3" } };
  const { config, sources } = resolveConfig({ environment, saved, flags });
  assert.deepEqual(config.limits, { maxSteps: 3, maxCostUsd: undefined, maxTokens: 11, maxSeconds: 20 });
  assert.deepEqual(
    ["max_steps", "max_tokens", "max_seconds", "max_cost_usd"].map((name) => sources.get(`limits.${name}`)),
    [
      { type: "flag", flag: "--set limits.max_steps" },
      { type: "environment", variable: "DECKHAND_MAX_TOKENS" },
      { type: "saved" },
      { type: "default" },
    ],
  );
  assert.throws(
    () => resolveConfig({ environment, flags: { "limits.steps": { flag: "--set", text: "3" } } }),
    /--set: unknown option "limits\.steps"/,
  );
});

test("[G4] a saved empty list is an empty list, not the default", () => {
  const { config } = resolveConfig({ environment: {}, saved: { network: { allow: [] } } });
  assert.deepEqual(config.network.allow, []);
});

test("[G5] a deprecated variable still works and causes a warning, and an unknown one is reported with the closest name", () => {
  assert.equal(resolve({ DECKHAND_SNAPSHOTS: "false" }).workspace.checkpoints, false);
  assert.equal(resolve({ DECKHAND_SNAPSHOTS: "false", DECKHAND_CHECKPOINTS: "true" }).workspace.checkpoints, true);
  const environment = {
    DECKHAND_SNAPSHOTS: "false",
    DECKHAND_APROVAL: "never",
    DECKHAND_SOMETHING_ELSE: "x",
    DECKHAND_FOO: "x",
    DECKHAND_EMPTY: "",
    DECKHAND_USER_PATH: "/usr/bin",
    DECKHAND_NETWORK: "off",
    OTHER: "x",
  };
  assert.deepEqual(variableWarnings(environment), [
    "DECKHAND_SNAPSHOTS is deprecated; use DECKHAND_CHECKPOINTS.",
    "Unknown variable DECKHAND_APROVAL is ignored. Did you mean DECKHAND_APPROVAL?",
    "Unknown variable DECKHAND_SOMETHING_ELSE is ignored.",
    "Unknown variable DECKHAND_FOO is ignored.",
  ]);
});

test("[G1] defaults survive being formatted and parsed again", () => {
  const { config } = resolveConfig({ environment: { DECKHAND_HOME: "/data", DECKHAND_MEMORY: "1.5G" } });
  for (const { name, section, key, type } of options) {
    const value = (config[section] as Readonly<Record<string, unknown>>)[key];
    if (value !== undefined) assert.deepEqual(type.parse(type.format(value)), value, name);
  }
});
