import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DeckhandError, sectionNames, type ErrorCode } from "@deckhand/protocol";
import type { Environment } from "../config/environment.ts";
import { mergePatch } from "./merge-patch.ts";
import { openLocalSettings, openSettings } from "./open.ts";
import { parseSettings } from "./settings-file.ts";
import type { Settings } from "./settings.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-settings-"));
after(() => rm(folder, { recursive: true, force: true }));

interface Opened extends Disposable {
  readonly settings: Settings;
  readonly file: string;
  readonly problems: string[];
}

async function opened(env: Environment = {}, content?: unknown, isLocal = false): Promise<Opened> {
  const home = await mkdtemp(join(folder, "home-"));
  const file = join(home, "settings.json");
  if (content !== undefined) await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  const problems: string[] = [];
  const open = isLocal ? openLocalSettings : openSettings;
  const settings = await open({ ...env, DECKHAND_HOME: home }, (sentence) => problems.push(sentence));
  return { settings, file, problems, [Symbol.dispose]: () => settings[Symbol.dispose]() };
}

const failure = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof DeckhandError && error.code === code && message.test(error.message);

test("[SE1] changes are merged, saved in a file that only its owner can read, and loaded at the next start", async () => {
  using server = await opened();
  const { settings, file } = server;
  await settings.change({ limits: { max_steps: 7, max_cost_usd: 2 }, approval: { policy: "always" } });
  await settings.change({ limits: { max_steps: 9, max_cost_usd: null }, approval: null });
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { version: 1, limits: { max_steps: 9 } });
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(settings.config.limits.maxSteps, 9);
  assert.equal(settings.config.approval.policy, "risky");
  using again = await openSettings({ DECKHAND_HOME: join(file, "..") }, assert.fail);
  assert.equal(again.config.limits.maxSteps, 9);
  assert.deepEqual(mergePatch({ a: { b: 1, c: [1, 2] } }, { a: { b: null, c: [3], d: 4 } }), { a: { c: [3], d: 4 } });
});

test("[SE2] an invalid change is rejected with its path and changes nothing; concurrent changes are all saved", async () => {
  using server = await opened();
  const { settings, file } = server;
  const invalid: readonly (readonly [object, RegExp])[] = [
    [{ limits: { max_steps: 0 } }, /limits\.max_steps: /],
    [{ limits: { max_stepz: 1 } }, /limits: .*max_stepz/],
    [{ limit: {} }, /Unknown section "limit"/],
    [{ limits: 3 }, /limits: expected an object or null/],
    [{ approval: { policy: "sometimes" } }, /approval\.policy/],
    [{ model: { base_url: "file:///etc/passwd" } }, /model\.base_url: must be an http or https URL/],
    [{ model: { base_url: "https://key@example.org" } }, /model\.base_url: must not contain credentials/],
    [{ keys: { nobody: "sk-1" } }, /keys\.nobody: a key belongs to one of/],
    [{ keys: { "https://example.org/v1": "sk-1" } }, /a key belongs to one of/],
    [{ mcp: { servers: { "a b": { url: "https://example.org/mcp" } } } }, /mcp\.servers\.a b: must be letters/],
    [
      { mcp: { servers: { a: { url: "https://example.org/mcp", call_seconds: -1 } } } },
      /mcp\.servers\.a\.call_seconds/,
    ],
    [{ network: { allow: ["a,b"] } }, /network\.allow\.0/],
  ];
  for (const [patch, message] of invalid) {
    await assert.rejects(settings.change({ ...patch, agents: { default: "x" } }), failure("bad_args", message));
  }
  await assert.rejects(stat(file));
  await Promise.all(
    ["openai", "anthropic", "google", "mistral"].map((name) => settings.change({ keys: { [name]: `sk-${name}` } })),
  );
  assert.equal(Object.keys(settings.saved.keys ?? {}).length, 4);
});

test("[SE3] the environment overrides saved values, and the report says where", async () => {
  using server = await opened(
    { MAX_ITERATIONS: "5", OPENAI_API_KEY: "sk-env", DECKHAND_MAX_SECONDS: "" },
    { version: 1, limits: { max_steps: 7, max_seconds: 60 }, keys: { openai: "sk-saved", anthropic: "sk-other" } },
  );
  const { settings } = server;
  assert.deepEqual([settings.config.limits.maxSteps, settings.config.limits.maxSeconds], [5, 60]);
  assert.deepEqual(
    [settings.providerEnvironment["OPENAI_API_KEY"], settings.providerEnvironment["ANTHROPIC_API_KEY"]],
    ["sk-env", "sk-other"],
  );
  const { environment, effective } = await settings.report();
  assert.deepEqual(environment, { "limits.max_steps": "MAX_ITERATIONS", "keys.openai": "OPENAI_API_KEY" });
  assert.deepEqual(effective.limits, { max_steps: 5, max_seconds: 60 });
  const model = { fallbacks: ["a/b", "c"], small_model: "d", reasoning_effort: "low" };
  using more = await opened(
    { GOOGLE_API_KEY: "sk-env", LLM_SMALL_MODEL: "e" },
    { version: 1, model, keys: { google: "sk-saved" } },
  );
  assert.equal(more.settings.providerEnvironment["GEMINI_API_KEY"], undefined, "the same key under another name");
  const { fallbacks, smallModel, reasoningEffort } = more.settings.config.model;
  assert.deepEqual([fallbacks, smallModel, reasoningEffort], [["a/b", "c"], "e", "low"]);
});

const modelAddress = ({ settings }: Opened) => {
  const { name, baseUrl, apiKey } = settings.config.model;
  return { name, baseUrl, apiKey };
};

test("[SE4] a key is sent only to the server it was saved for; the environment's key is never sent to a saved URL", async () => {
  const model = { name: "m", base_url: "http://models.example:8000/v1" };
  using saved = await opened({ LLM_API_KEY: "sk-env" }, { version: 1, model });
  assert.deepEqual(modelAddress(saved), { name: "m", baseUrl: model.base_url, apiKey: undefined });
  const keys = { "http://models.example:8000": "sk-own", "http://models.example": "sk-no" };
  using own = await opened({ LLM_API_KEY: "sk-env" }, { version: 1, model, keys });
  assert.equal(modelAddress(own).apiKey, "sk-own");
  // The environment names a model, so the saved URL is ignored.
  using named = await opened({ LLM_MODEL: "gpt-4o", LLM_API_KEY: "sk-env" }, { version: 1, model, keys });
  assert.deepEqual(modelAddress(named), { name: "gpt-4o", baseUrl: undefined, apiKey: "sk-env" });
  const { environment } = await named.settings.report();
  assert.deepEqual(environment, { "model.name": "LLM_MODEL", "model.base_url": "LLM_MODEL" });
});

test("[SE5] secrets are never shown: keys, variables and headers are reduced to their last four characters, short ones to none", async () => {
  const secret = "sk-very-secret-1234";
  const servers = {
    here: { command: "mcp", env: { TOKEN: secret } },
    there: { url: "https://example.org/mcp", headers: { Authorization: secret } },
  };
  using server = await opened({}, { version: 1, keys: { openai: secret, groq: "short" }, mcp: { servers } });
  const { saved } = await server.settings.report();
  assert.deepEqual(saved.keys, { openai: { last: "1234" }, groq: { last: "" } });
  assert.deepEqual(saved.mcp?.servers, {
    here: { command: "mcp", env: { TOKEN: { last: "1234" } } },
    there: { url: "https://example.org/mcp", headers: { Authorization: { last: "1234" } } },
  });
  // The masked form cannot be saved.
  await assert.rejects(server.settings.change({ keys: saved.keys }), failure("bad_args", /keys\.openai/));
  await assert.rejects(server.settings.change({ limits: { max_steps: secret } }), (error: Error) => {
    assert.doesNotMatch(error.message, /very-secret/);
    return true;
  });
});

test("[SE6] an invalid file is reported with its path and the mistake, is never overwritten, and fails closed", async () => {
  const broken: readonly (readonly [unknown, RegExp])[] = [
    ['{"version": 1, "keys": {"openai": "sk-secret', /settings\.json: Invalid JSON at position/],
    ["[]", /Expected a JSON object/],
    [{ version: 2 }, /Expected "version": 1/],
    [{ version: 1, approval: { policy: "sk-secret" } }, /approval is ignored: approval\.policy: /],
    [{ version: 1, hooks: { before_action: [{ comand: "guard" }] } }, /hooks is ignored: hooks\.before_action\.0/],
    [{ version: 1, network: { policy: 1 } }, /network is ignored: network\.policy/],
    [{ version: 1, guard: {} }, /guard is ignored: Unknown section/],
  ];
  for (const [content, message] of broken) {
    using server = await opened({}, content);
    const { settings, file, problems } = server;
    assert.match(problems.join("\n"), message);
    assert.doesNotMatch(problems.join("\n"), /secret/);
    const text = await readFile(file, "utf8");
    await assert.rejects(
      settings.change({ limits: { max_steps: 3 } }),
      failure("conflict", /Fix .*settings\.json first/),
    );
    assert.equal(await readFile(file, "utf8"), text);
    assert.equal((await settings.report()).problems.length, 1);
    const whole =
      typeof content === "string" ||
      ("version" in (content as object) && (content as { version: number }).version === 2);
    const lost = (section: string): boolean => whole || section in (content as object);
    assert.equal(settings.config.approval.policy, lost("approval") || lost("hooks") ? "always" : "risky");
    assert.equal(settings.config.network.policy, lost("network") ? "off" : "allow");
  }
  using other = await opened({}, { version: 1, approval: { policy: 7 }, limits: { max_steps: 3 } });
  assert.equal(other.settings.config.limits.maxSteps, 3, "the other sections apply");
  using overridden = await opened({ DECKHAND_APPROVAL: "never", DECKHAND_NETWORK: "on" }, "{");
  assert.deepEqual(
    [overridden.settings.config.approval.policy, overridden.settings.config.network.policy],
    ["always", "on"],
  );
  using known = await opened({ DECKHAND_APPROVAL: "never" }, { version: 1, approval: { policy: 7 } });
  assert.equal(known.settings.config.approval.policy, "never", "set by the environment");
});

test("[SE7] settings that start programs outside the sandbox can be changed only on the server's machine, unless configured otherwise", async () => {
  const program = { mcp: { servers: { here: { command: "mcp" } } } };
  const hooks = { hooks: { stop: [{ command: "make check" }] } };
  const address = { mcp: { servers: { there: { url: "https://example.org/mcp" } } } };
  using remote = await opened();
  for (const patch of [program, hooks]) {
    await assert.rejects(remote.settings.change(patch), failure("forbidden", /deckhand settings/));
  }
  await remote.settings.change(address);
  using local = await opened({}, { version: 1, ...program, ...hooks });
  const guarded = [
    { hooks: null },
    { mcp: null },
    { mcp: { servers: { here: { args: ["-x"] } } } },
    { mcp: { servers: { here: { command: null, url: "https://example.org" } } } },
  ];
  for (const patch of guarded) await assert.rejects(local.settings.change(patch), failure("forbidden", /program/));
  await local.settings.change({ ...address, limits: { max_steps: 3 } });
  assert.deepEqual(Object.keys(local.settings.saved.mcp?.servers ?? {}), ["here", "there"]);
  for (const [env, isLocal] of [
    [{ DECKHAND_SETTINGS_OVER_HTTP: "true" }, false],
    [{}, true],
  ] as const) {
    using open = await opened(env, undefined, isLocal);
    await open.settings.change({ ...program, ...hooks });
    assert.equal(open.settings.saved.hooks?.stop?.length, 1);
  }
});

test("[SE8] an edit of the file is noticed and applied; a change of the network waits for a restart", async () => {
  using server = await opened();
  const { settings, file } = server;
  const changed = new Promise<void>((resolve) => {
    // A half-written file may be read first.
    settings.onChange(() => settings.config.limits.maxSteps === 4 && resolve());
  });
  await writeFile(file, JSON.stringify({ version: 1, limits: { max_steps: 4 }, network: { policy: "off" } }));
  await changed;
  assert.deepEqual((await settings.report()).restart, ["network"]);
});

test("[SE14] the report lists every option with its value and source, and no secret", async () => {
  const environment = { MAX_ITERATIONS: "5", DECKHAND_TOKEN: "very-secret-token-1234", DECKHAND_MEMORY: "1536M" };
  using server = await opened(environment, { version: 1, limits: { max_steps: 7 }, approval: { policy: 7 } });
  const { options } = await server.settings.report();
  assert.ok(!JSON.stringify(options).includes("very-secret"));
  const shown = (name: string) => options.find((option) => option.name === name);
  assert.deepEqual(shown("limits.max_steps"), {
    name: "limits.max_steps",
    variable: "MAX_ITERATIONS",
    value: "5",
    set_by: "MAX_ITERATIONS",
    source: "environment",
    live: true,
  });
  assert.deepEqual([shown("server.token")?.value, shown("server.token")?.source], ["(hidden)", "environment"]);
  assert.deepEqual([shown("approval.policy")?.value, shown("approval.policy")?.source], ["always", "fail_closed"]);
  assert.deepEqual([shown("sandbox.memory_bytes")?.value, shown("sandbox.cpus")?.default], ["1.5G", "all"]);
});

test("[SE13] the example in docs/CONFIGURATION.md is a valid file with every section", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/CONFIGURATION.md"), "utf8");
  const example = JSON.parse(/## settings\.json.*?```json\n(.*?)```/s.exec(page)?.[1] ?? "") as object;
  const { settings, problems } = parseSettings(example);
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.keys(settings), sectionNames);
});
