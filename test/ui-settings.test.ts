/** Model set-up and settings, in a real browser on a real server. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import type { Browser } from "playwright-core";
import { assertAccessible, openPage, startBrowser } from "./kit/browser.ts";
import { keyGate } from "./kit/key-gate.ts";
import { ModelProcess } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string) => ({ calls: [{ name: "run", arguments: { command } }] });

let browser: Browser;
let folder: string;

before(async () => {
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), "deckhand-settings-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test("[UP11] on the first visit a wrong key is reported and not saved, the right one is, and a task runs with it", async () => {
  const right = "sk-right-key-0123456789";
  const conversations = [
    {
      when: "Call the tool add with a = 17 and b = 25.",
      replies: [{ calls: [{ name: "add", arguments: { a: 17, b: 25 } }] }],
    },
    { when: "The code word is heliotrope.", replies: [{ text: "heliotrope" }] },
    { when: "say it", replies: [{ calls: [{ name: "finish", arguments: { thought: "It is said." } }] }] },
  ];
  await using model = await ModelProcess.start([], { conversations });
  await using gate = await keyGate(model.url, right);
  await using fresh = await ServerProcess.start();
  const { page, complaints } = await openPage(browser, fresh.url);
  await page.getByText("Connect a model to get started").waitFor();
  await page.getByText("Demo mode:").waitFor();
  await page.getByRole("button", { name: "Custom endpoint" }).click();
  await page.getByLabel("Base URL").fill(gate.url);
  await page.getByRole("form").getByLabel("Model", { exact: true }).fill("scripted");
  await page.getByLabel("API key (optional)").fill("sk-wrong-key-0123456789");
  await page.getByRole("button", { name: "Test and use" }).click();
  await page.getByText("does not work yet").waitFor();
  await page.getByText(/key was rejected/).waitFor();
  const api = connect({ url: fresh.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => api.close());
  assert.deepEqual((await api.settings()).saved, {});
  await page.getByLabel("API key (optional)").fill(right);
  await page.getByRole("button", { name: "Test and use" }).click();
  await page.getByText("Connect a model to get started").waitFor({ state: "detached" });
  assert.equal(await page.getByText("Demo mode:").count(), 0);
  const { keys = {} } = (await api.settings()).saved;
  assert.deepEqual(keys[new URL(gate.url).origin], { last: "6789" });

  await page.getByLabel("Task").fill("say it");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Finished" }).waitFor();
  await page.goto(`${fresh.url}/settings/models`);
  await page.getByText("••••6789").waitFor();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("scripted works.").waitFor();
  assert.ok(!(await page.content()).includes(right));
  assert.ok(!(await readFile(join(fresh.home, "deckhand.db"))).includes(right), "no key in the log");
  assert.deepEqual(complaints, []);
});

test("[UP15] settings are saved and applied, those from the environment are read-only, and rules are shown before they are saved", async () => {
  const script = join(folder, "script.json");
  await writeFile(script, JSON.stringify({ replies: [run("echo ruled"), run("echo ruled"), { text: "Done." }] }));
  await using server = await ServerProcess.start({ env: { LLM_MODEL: `scripted/${script}` } });
  const client = connect({ url: server.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => client.close());
  const { page, complaints } = await openPage(browser, `${server.url}/settings/approvals`);
  await page.getByLabel("Approval policy").click();
  await page.getByRole("option", { name: "Always ask" }).click();
  await until(async () => (await client.settings()).effective.approval.policy === "always", 15_000);
  await page.getByLabel("Pattern").fill("echo  ruled");
  await page.keyboard.press("Enter");
  const question = page.getByRole("group", { name: "Rule" });
  await question.getByText("run echo ruled", { exact: true }).waitFor();
  assert.deepEqual(await client.rules(), []);
  await question.getByRole("button", { name: "Save rule" }).click();
  await page.getByRole("button", { name: "Delete rule run echo ruled" }).waitFor();
  const { id } = await client.create({ task: "ask a rule" });
  const hasEnded = async (): Promise<boolean> =>
    (await client.list({ limit: 1 })).conversations.some((row) => row.id === id && row.waiting?.text === "Done.");
  await until(hasEnded, 15_000);
  await page.getByRole("button", { name: "Delete rule run echo ruled" }).click();
  await page.getByText("No rules").waitFor();
  await page.getByLabel("Approval policy").click();
  await page.getByRole("option", { name: "Ask when risky" }).click();

  await page.getByRole("link", { name: "Models" }).click();
  await page.getByText("Set by LLM_MODEL").first().waitFor();
  assert.ok(await page.getByLabel("Model", { exact: true }).isDisabled());
  await page.getByRole("link", { name: "Sandbox" }).click();
  await page.getByText("Verified", { exact: true }).waitFor();
  await page.getByLabel("Host", { exact: true }).fill("*.example.org");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove *.example.org" }).click();
  await page.getByRole("button", { name: "Remove *.example.org" }).waitFor({ state: "detached" });
  await assertAccessible(page);
  await page.getByRole("main").getByRole("link", { name: "MCP servers" }).click();
  await page.getByRole("button", { name: "Add server" }).click();
  const adding = page.getByRole("form", { name: "Add server" });
  await adding.getByLabel("Name").fill("nobody");
  await adding.getByLabel("URL").fill("http://127.0.0.1:9/mcp");
  await adding.getByLabel("Token (optional)").fill("mcp-secret-0123456789");
  await adding.getByRole("button", { name: "Test and save" }).click();
  await adding.getByRole("status").waitFor();
  assert.deepEqual((await client.settings()).saved.mcp, undefined, "a server that fails the test is not saved");
  await adding.getByRole("button", { name: "Save anyway" }).click();
  await page.getByText("http://127.0.0.1:9/mcp").waitFor();
  assert.ok(!(await page.content()).includes("mcp-secret-0123456789"));
  await page.getByRole("button", { name: "Remove nobody" }).click();
  await page.getByText("No MCP servers").waitFor();
  for (const [section, words] of [
    ["Agents", "CodeActAgent"],
    ["Hooks", "No hooks"],
    ["About", "Spending"],
  ] as const) {
    await page.getByRole("main").getByRole("link", { name: section }).click();
    await page.getByText(words).first().waitFor();
    await assertAccessible(page);
  }
  await page.getByRole("main").getByRole("link", { name: "Appearance" }).click();
  await page.getByLabel("Language", { exact: true }).click();
  await page.getByRole("option", { name: "Deutsch" }).click();
  await page.getByRole("heading", { name: "Einstellungen" }).waitFor();
  assert.deepEqual(complaints, []);
});
