import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DeckhandError, sectionNames, type ErrorCode } from "@deckhand/protocol";
import { following } from "./live.ts";
import { mergePatch } from "./merge-patch.ts";
import { openLocalSettings, openSettings } from "./open.ts";
import { parseSettings } from "./settings-file.ts";
import type { Environment } from "./precedence.ts";
import type { Settings } from "./settings.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-settings-"));
after(() => rm(folder, { recursive: true, force: true }));

interface Kept extends Disposable {
  readonly settings: Settings;
  readonly file: string;
  readonly problems: string[];
}

async function opened(env: Environment = {}, content?: unknown, own = false): Promise<Kept> {
  const home = await mkdtemp(join(folder, "home-"));
  const file = join(home, "settings.json");
  if (content !== undefined) await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  const problems: string[] = [];
  const open = own ? openLocalSettings : openSettings;
  const settings = await open({ ...env, DECKHAND_HOME: home }, (sentence) => problems.push(sentence));
  return { settings, file, problems, [Symbol.dispose]: () => settings[Symbol.dispose]() };
}

const refused = (code: ErrorCode, words: RegExp) => (error: unknown) =>
  error instanceof DeckhandError && error.code === code && words.test(error.message);

test("[SE1] what is saved is merged, lies closed to others, and is there after the next start", async () => {
  using kept = await opened();
  const { settings, file } = kept;
  await settings.change({ limits: { max_steps: 7, max_cost_usd: 2 }, approval: { policy: "always" } });
  await settings.change({ limits: { max_steps: 9, max_cost_usd: null }, approval: null });
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { version: 1, limits: { max_steps: 9 } });
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(settings.config.maxSteps, 9);
  assert.equal(settings.config.approvalPolicy, "risky");
  using again = await openSettings({ DECKHAND_HOME: join(file, "..") }, assert.fail);
  assert.equal(again.config.maxSteps, 9);
  assert.deepEqual(mergePatch({ a: { b: 1, c: [1, 2] } }, { a: { b: null, c: [3], d: 4 } }), { a: { c: [3], d: 4 } });
});

test("[SE2] what is wrong is refused with its place, and changes nothing; many changes at once are all kept", async () => {
  using kept = await opened();
  const { settings, file } = kept;
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ limits: { max_steps: 0 } }, /limits\.max_steps: /],
    [{ limits: { max_stepz: 1 } }, /limits: .*max_stepz/],
    [{ limit: {} }, /no section limit/],
    [{ limits: 3 }, /limits: an object or null/],
    [{ approval: { policy: "sometimes" } }, /approval\.policy/],
    [{ model: { base_url: "file:///etc/passwd" } }, /model\.base_url: an http or https address/],
    [{ model: { base_url: "https://key@example.org" } }, /model\.base_url: a key does not belong/],
    [{ keys: { nobody: "sk-1" } }, /keys\.nobody: a key is kept for one of/],
    [{ keys: { "https://example.org/v1": "sk-1" } }, /a key is kept for one of/],
    [{ mcp: { servers: { "a b": { url: "https://example.org/mcp" } } } }, /mcp\.servers\.a b: a name is/],
    [
      { mcp: { servers: { a: { url: "https://example.org/mcp", call_seconds: -1 } } } },
      /mcp\.servers\.a\.call_seconds/,
    ],
    [{ network: { allow: ["a,b"] } }, /network\.allow\.0/],
  ];
  for (const [patch, words] of wrong) {
    await assert.rejects(settings.change({ ...patch, agents: { default: "x" } }), refused("bad_args", words));
  }
  await assert.rejects(stat(file));
  await Promise.all(
    ["openai", "anthropic", "google", "mistral"].map((name) => settings.change({ keys: { [name]: `sk-${name}` } })),
  );
  assert.equal(Object.keys(settings.saved.keys ?? {}).length, 4);
});

test("[SE3] the environment goes before what is saved, and the answer says where", async () => {
  using kept = await opened(
    { MAX_ITERATIONS: "5", OPENAI_API_KEY: "sk-env", DECKHAND_MAX_SECONDS: "" },
    { version: 1, limits: { max_steps: 7, max_seconds: 60 }, keys: { openai: "sk-saved", anthropic: "sk-other" } },
  );
  const { settings } = kept;
  assert.deepEqual([settings.config.maxSteps, settings.config.maxSeconds], [5, 60]);
  assert.deepEqual([settings.env["OPENAI_API_KEY"], settings.env["ANTHROPIC_API_KEY"]], ["sk-env", "sk-other"]);
  const { environment, effective } = await settings.report();
  assert.deepEqual(environment, { "limits.max_steps": "MAX_ITERATIONS", "keys.openai": "OPENAI_API_KEY" });
  assert.deepEqual(effective.limits, { max_steps: 5, max_seconds: 60 });
  const model = { fallbacks: ["a/b", "c"], small_model: "d", reasoning_effort: "low" };
  using more = await opened(
    { GOOGLE_API_KEY: "sk-env", LLM_SMALL_MODEL: "e" },
    { version: 1, model, keys: { google: "sk-saved" } },
  );
  assert.equal(more.settings.env["GEMINI_API_KEY"], undefined, "the same under another name");
  const { fallbackModels, smallModel, reasoningEffort } = more.settings.config;
  assert.deepEqual([fallbackModels, smallModel, reasoningEffort], [["a/b", "c"], "e", "low"]);
});

test("[SE4] a key goes to whom it was kept for: none of the environment to an address that is saved", async () => {
  const model = { name: "m", base_url: "http://models.example:8000/v1" };
  using saved = await opened({ LLM_API_KEY: "sk-env" }, { version: 1, model });
  assert.deepEqual(saved.settings.config.model, { name: "m", baseUrl: model.base_url });
  const keys = { "http://models.example:8000": "sk-own", "http://models.example": "sk-no" };
  using own = await opened({ LLM_API_KEY: "sk-env" }, { version: 1, model, keys });
  assert.equal(own.settings.config.model.apiKey, "sk-own");
  // The environment names a model: what is saved of its address has no effect.
  using named = await opened({ LLM_MODEL: "gpt-4o", LLM_API_KEY: "sk-env" }, { version: 1, model, keys });
  assert.deepEqual(named.settings.config.model, { name: "gpt-4o", apiKey: "sk-env" });
  const { environment } = await named.settings.report();
  assert.deepEqual(environment, { "model.name": "LLM_MODEL", "model.base_url": "LLM_MODEL" });
});

test("[SE5] no secret is shown again: of keys, variables and headers the last four characters, of short ones nothing", async () => {
  const secret = "sk-very-secret-1234";
  const servers = {
    here: { command: "mcp", env: { TOKEN: secret } },
    there: { url: "https://example.org/mcp", headers: { Authorization: secret } },
  };
  using kept = await opened({}, { version: 1, keys: { openai: secret, groq: "short" }, mcp: { servers } });
  const { saved } = await kept.settings.report();
  assert.deepEqual(saved.keys, { openai: { last: "1234" }, groq: { last: "" } });
  assert.deepEqual(saved.mcp?.servers, {
    here: { command: "mcp", env: { TOKEN: { last: "1234" } } },
    there: { url: "https://example.org/mcp", headers: { Authorization: { last: "1234" } } },
  });
  // What was shown is no value to be saved.
  await assert.rejects(kept.settings.change({ keys: saved.keys }), refused("bad_args", /keys\.openai/));
  await assert.rejects(kept.settings.change({ limits: { max_steps: secret } }), (error: Error) => {
    assert.doesNotMatch(error.message, /very-secret/);
    return true;
  });
});

test("[SE6] a broken file is told with its path and what is wrong, is never written over, and opens nothing", async () => {
  const broken: readonly (readonly [unknown, RegExp])[] = [
    ['{"version": 1, "keys": {"openai": "sk-secret', /settings\.json: It is not JSON at position/],
    ["[]", /It is not an object/],
    [{ version: 2 }, /Its version is not 1/],
    [{ version: 1, approval: { policy: "sk-secret" } }, /approval is not used: approval\.policy: /],
    [{ version: 1, hooks: { before_action: [{ comand: "guard" }] } }, /hooks is not used: hooks\.before_action\.0/],
    [{ version: 1, network: { policy: 1 } }, /network is not used: network\.policy/],
    [{ version: 1, guard: {} }, /guard is not used: There is no such section/],
  ];
  for (const [content, words] of broken) {
    using kept = await opened({}, content);
    const { settings, file, problems } = kept;
    assert.match(problems.join("\n"), words);
    assert.doesNotMatch(problems.join("\n"), /secret/);
    const text = await readFile(file, "utf8");
    await assert.rejects(settings.change({ limits: { max_steps: 3 } }), refused("conflict", /mended first/));
    assert.equal(await readFile(file, "utf8"), text);
    assert.equal((await settings.report()).problems.length, 1);
    const whole =
      typeof content === "string" ||
      ("version" in (content as object) && (content as { version: number }).version === 2);
    const lost = (section: string): boolean => whole || section in (content as object);
    assert.equal(settings.config.approvalPolicy, lost("approval") || lost("hooks") ? "always" : "risky");
    assert.equal(settings.config.network, lost("network") ? "off" : "allow");
  }
  using other = await opened({}, { version: 1, approval: { policy: 7 }, limits: { max_steps: 3 } });
  assert.equal(other.settings.config.maxSteps, 3, "the other sections hold");
  using told = await opened({ DECKHAND_APPROVAL: "never", DECKHAND_NETWORK: "on" }, "{");
  assert.deepEqual([told.settings.config.approvalPolicy, told.settings.config.network], ["always", "on"]);
  using known = await opened({ DECKHAND_APPROVAL: "never" }, { version: 1, approval: { policy: 7 } });
  assert.equal(known.settings.config.approvalPolicy, "never", "the environment says it");
});

test("[SE7] what starts a program outside of the sandbox is saved on the machine alone, unless the configuration says otherwise", async () => {
  const program = { mcp: { servers: { here: { command: "mcp" } } } };
  const hooks = { hooks: { stop: [{ command: "make check" }] } };
  const address = { mcp: { servers: { there: { url: "https://example.org/mcp" } } } };
  using remote = await opened();
  for (const patch of [program, hooks]) {
    await assert.rejects(remote.settings.change(patch), refused("forbidden", /deckhand settings/));
  }
  await remote.settings.change(address);
  using local = await opened({}, { version: 1, ...program, ...hooks });
  const guarded = [
    { hooks: null },
    { mcp: null },
    { mcp: { servers: { here: { args: ["-x"] } } } },
    { mcp: { servers: { here: { command: null, url: "https://example.org" } } } },
  ];
  for (const patch of guarded) await assert.rejects(local.settings.change(patch), refused("forbidden", /program/));
  await local.settings.change({ ...address, limits: { max_steps: 3 } });
  assert.deepEqual(Object.keys(local.settings.saved.mcp?.servers ?? {}), ["here", "there"]);
  for (const [env, own] of [
    [{ DECKHAND_SETTINGS_OVER_HTTP: "true" }, false],
    [{}, true],
  ] as const) {
    using open = await opened(env, undefined, own);
    await open.settings.change({ ...program, ...hooks });
    assert.equal(open.settings.saved.hooks?.stop?.length, 1);
  }
});

test("[SE8] a change of the file is taken up, and what was made of the settings is made anew; the network waits for a start", async () => {
  using kept = await opened();
  const { settings, file } = kept;
  let made = 0;
  const thing = following(settings, () => {
    made += 1;
    const number = made;
    return { made: () => number, steps: (more: number) => settings.config.maxSteps + more };
  });
  assert.deepEqual([thing.made(), thing.made()], [1, 1]);
  const changed = new Promise<void>((resolve) => settings.onChange(resolve));
  await writeFile(file, JSON.stringify({ version: 1, limits: { max_steps: 4 }, network: { policy: "off" } }));
  await changed;
  assert.deepEqual([thing.steps(1), thing.made()], [5, 2]);
  assert.deepEqual((await settings.report()).restart, ["network"]);
});

test("[SE13] the example of docs/CONFIGURATION.md is a file that can be used, with every section", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/CONFIGURATION.md"), "utf8");
  const example = JSON.parse(/## What is saved.*?```json\n(.*?)```/s.exec(page)?.[1] ?? "") as object;
  const { settings, problems } = parseSettings(example);
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.keys(settings), sectionNames);
});
