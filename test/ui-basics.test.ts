/** The UI in a real browser, on a real server with its sandbox. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./kit/browser.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const task = "Write a bash script that prints hello";

let browser: Browser;
let folder: string;

before(async () => {
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), "deckhand-ui-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test("[U3] a task typed in the UI is done live, and a reload shows the same", async () => {
  await using server = await serve("demo");
  const { page, complaints } = await open(server.url);
  await page.getByText("Demo mode:").waitFor();
  await page.getByLabel("Task").fill(task);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Finished" }).waitFor();
  assert.equal(await page.getByLabel("Output", { exact: true }).textContent(), "hello\n");
  assert.match(page.url(), /\/c\/[\w-]+$/);
  const logText = async (): Promise<string> => (await page.getByRole("log").innerText()).replaceAll(/\s+/g, " ");
  const shown = await logText();
  await page.getByRole("tab", { name: "Events" }).click();
  const events = await page.getByRole("list", { name: "Events" }).innerText();
  assert.match(shown, /bash hello\.sh/);

  await page.reload();
  await page.getByRole("status").filter({ hasText: "Finished" }).waitFor();
  assert.equal(await logText(), shown);
  assert.equal(await page.getByRole("list", { name: "Events" }).innerText(), events);
  assert.deepEqual(complaints, [], "no errors or warnings in the browser, including its content security policy");
});

test("[U4] the UI says that the server is not reachable and continues after a restart", async () => {
  const home = join(folder, "home");
  const first = await serve("demo", { home });
  const { page } = await open(first.url);
  await page.getByRole("button", { name: task }).click();
  await page.getByRole("status").filter({ hasText: "Finished" }).waitFor();
  await first[Symbol.asyncDispose]();
  await page.getByText("No connection.").waitFor();
  await page.getByLabel("Message").fill(`Again: ${task}`);
  await page.keyboard.press("Enter");

  await using second = await serve("demo", { home, env: { PORT: new URL(first.url).port } });
  assert.equal(second.url, first.url);
  await page.getByText("Connected").waitFor();
  await page.getByText(`Again: ${task}`).waitFor();
  await page.getByLabel("Output", { exact: true }).nth(1).waitFor();
  assert.equal(await page.getByText(`Again: ${task}`).count(), 1);
});

test("[U5] a long conversation opens at its end and renders only what is visible", async () => {
  const thoughts = Array.from({ length: 1000 }, (_, n) => ({ name: "think", arguments: { thought: `thought ${n}.` } }));
  await using server = await serve({ replies: [{ calls: thoughts }, { text: "Enough." }] });
  const { page } = await open(server.url);
  await page.getByLabel("Task").fill("think");
  await page.keyboard.press("Enter");
  await page.getByText("Enough.").waitFor();
  const log = page.getByRole("log");
  await log.getByText("thought 999.").waitFor();
  assert.ok((await log.locator("> *").count()) < 60);
  assert.equal(await log.getByText("thought 600.").count(), 0);
  await page.getByRole("region", { name: "Conversation" }).focus();
  await page.keyboard.press("Home");
  await log.getByText("thought 0.").waitFor();
  assert.ok((await log.locator("> *").count()) < 60);
  await page.getByRole("button", { name: "Scroll to end" }).click();
  await log.getByText("Enough.").waitFor();
});

test("[U6] markup in text from tools and models stays text", async () => {
  const markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
  await using server = await serve({
    replies: [
      { text: markup, calls: [{ name: "run", arguments: { command: `cat <<'E'\n${markup}\nE` } }] },
      { text: "Done." },
    ],
  });
  const { page, complaints } = await open(server.url);
  await page.getByLabel("Task").fill(markup);
  await page.keyboard.press("Enter");
  await page.getByText("Done.").waitFor();
  assert.equal(await page.getByLabel("Output", { exact: true }).textContent(), `${markup}\n`);
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.doesNotMatch(await page.title(), /^owned/);
  assert.deepEqual(complaints, []);
});

test("[U7] a running command is shown with its output, messages are queued meanwhile, and Stop stops it", async () => {
  await using server = await serve({
    replies: [{ calls: [{ name: "run", arguments: { command: "echo begun; sleep 600" } }] }, { text: "Next." }],
  });
  const { page } = await open(server.url);
  await page.getByLabel("Task").fill("wait");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Running echo begun; sleep 600" }).waitFor();
  await page.getByLabel("Output so far").filter({ hasText: "begun" }).waitFor();
  await page.getByLabel("Message").fill("one more thing");
  await page.keyboard.press("Enter");
  await page.getByText("Queued").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("status").filter({ hasText: "Stopped" }).waitFor();
});

test("[O12] a background process is shown with its command and exit code and can be stopped in the UI", async () => {
  await using server = await serve({
    replies: [
      { calls: [{ name: "run", arguments: { command: "echo serving; sleep 600", background: true } }] },
      { text: "It runs." },
    ],
  });
  const { page, complaints } = await open(server.url);
  await page.getByLabel("Task").fill("serve");
  await page.keyboard.press("Enter");
  await page.getByLabel("Background processes").filter({ hasText: "echo serving; sleep 600" }).waitFor();
  await page.getByLabel("Output", { exact: true }).filter({ hasText: "serving" }).waitFor();
  await page.getByText("It runs.").waitFor();
  await page.getByRole("button", { name: /Stop process/ }).click();
  await page.getByLabel("Background processes").waitFor({ state: "detached" });
  await page.getByText("exit 137").waitFor();
  assert.deepEqual(complaints, []);
});

test("[Q16] the UI shows the complete action that needs approval, and takes the answer", async () => {
  const command = "echo one\u202Etwo; touch asked";
  await using server = await serve(
    {
      replies: [
        { calls: [{ name: "run", arguments: { command } }] },
        { calls: [{ name: "run", arguments: { command: "echo allowed" } }] },
        { calls: [{ name: "run", arguments: { command: "echo allowed" } }] },
        { calls: [{ name: "run", arguments: { command: "echo everywhere" } }] },
        { calls: [{ name: "run", arguments: { command: "echo everywhere" } }] },
        { text: "Done." },
      ],
    },
    { env: { DECKHAND_APPROVAL: "always" } },
  );
  const { page, complaints } = await open(server.url);
  await page.getByLabel("Task").fill("ask me");
  await page.keyboard.press("Enter");
  const request = page.getByLabel("Requested action");
  await request.filter({ hasText: "echo one⟨U+202E⟩two; touch asked" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Allow for this conversation" }).count(), 0);
  await page.getByLabel("Reason", { exact: true }).fill("no files");
  await page.reload();
  await request.filter({ hasText: "touch asked" }).waitFor();
  await page.getByLabel("Reason", { exact: true }).fill("no files");
  await page.getByRole("button", { name: "Deny" }).click();
  await request.filter({ hasText: "echo allowed" }).waitFor();
  await page.getByText("Waiting for approval").first().waitFor();
  assert.equal(await page.getByText("Running", { exact: true }).count(), 0, "a waiting action does not run");
  await page.getByRole("button", { name: "Allow for this conversation" }).click();
  await page.getByRole("button", { name: "Allow and save rule" }).click();
  await request.filter({ hasText: "echo everywhere" }).waitFor();
  await page.getByText("Allowed by the rule run echo allowed (in this conversation)").waitFor();
  await page.getByRole("button", { name: "Always allow" }).click();
  await page.getByRole("group", { name: "Rule" }).getByText("run echo everywhere", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Allow and save rule" }).click();
  await page.getByText("Done.", { exact: true }).waitFor();
  await page.getByText("Allowed by the rule run echo everywhere (in every conversation)").waitFor();
  assert.equal(await page.getByLabel("Output", { exact: true }).count(), 4, "the second calls needed no approval");
  assert.equal(existsSync(join(server.workspace, "asked")), false);
  assert.equal(await page.getByRole("region", { name: "Approval" }).count(), 0);
  assert.deepEqual(complaints, []);
});

test("[J15] conversations are searched, renamed, exported and, after a confirmation, deleted", async () => {
  await using server = await serve("demo");
  const { page, complaints } = await open(server.url);
  const list = page.getByRole("navigation", { name: "Conversations" });
  for (const words of ["about a pelican", "about a heron"]) {
    await page.getByLabel("Task", { exact: true }).fill(words);
    await page.keyboard.press("Enter");
    await list.getByText(words).waitFor();
    await page.getByRole("link", { name: "New task" }).click();
  }
  await list.getByText("about a heron").click();
  await page.getByLabel("Search").fill("peli");
  await list.getByText("about a heron").waitFor({ state: "detached" });
  await page.getByLabel("Search").fill("LLM_MODEL");
  await list.getByText("about a heron").waitFor();
  await page.getByLabel("Search").fill('"zebra* OR');
  await page.getByText("No results").waitFor();
  assert.match(await page.title(), /about a heron/, "the open conversation keeps its title");
  await page.getByLabel("Search").fill("");

  const options = page.getByRole("button", { name: "Actions for about a heron" });
  await options.click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Title").fill("Grey <b>birds</b>");
  await page.keyboard.press("Enter");
  await list.getByText("Grey <b>birds</b>").waitFor();
  const renamed = page.getByRole("button", { name: "Actions for Grey" });
  await renamed.click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Export as JSON lines" }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), "grey-b-birds-b.jsonl");
  assert.match(await readFile(await download.path(), "utf8"), /^\{"deckhand_export":1/);

  await renamed.click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.ok(await list.getByText("Grey <b>birds</b>").isVisible(), "nothing was deleted without the confirmation");
  await renamed.click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await list.getByText("Grey <b>birds</b>").waitFor({ state: "detached" });
  await page.getByLabel("Task", { exact: true }).waitFor();
  assert.ok(await list.getByText("about a pelican").isVisible());
  assert.deepEqual(complaints, []);
});

test("[J15] a conversation is forked and imported in the UI", async () => {
  await using server = await serve({ replies: [{ text: "Grey." }] });
  const client = connect({ url: server.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => client.close());
  const { id } = await client.create({ task: "about a heron" });
  // A fork contains the events from before it was made.
  const hasReplied = async (): Promise<boolean> =>
    (await client.list()).conversations[0]?.agent_state === "awaiting_user_input";
  await until(hasReplied, 20_000);
  const { page, complaints } = await open(server.url);
  const list = page.getByRole("navigation", { name: "Conversations" });
  await page.getByRole("button", { name: "Actions for about a heron" }).click();
  await page.getByRole("menuitem", { name: "Fork" }).click();
  await page.getByRole("heading", { name: "about a heron (fork)" }).waitFor();
  await page.getByText("Grey.", { exact: true }).waitFor();
  const wrong = { name: "x.jsonl", mimeType: "", buffer: Buffer.from("{}\n") };
  await page.getByLabel("Import").setInputFiles(wrong);
  await list.getByRole("alert").filter({ hasText: "Line 1 is not part of an export" }).waitFor();
  const exported = await buffer(await client.export(id));
  await page.getByLabel("Import").setInputFiles({ ...wrong, buffer: exported });
  await page.getByRole("heading", { name: "about a heron", exact: true }).waitFor();
  assert.equal(await list.getByRole("alert").count(), 0);
  assert.equal(await list.getByText("about a heron", { exact: true }).count(), 2);
  // The browser logs the refused import.
  assert.deepEqual(
    complaints.filter((each) => !each.includes("400")),
    [],
  );
});

test("[J11] an exported page opens from disk with its styles and images, and runs nothing", async () => {
  const markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
  const dot = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
  const stamp = "2026-01-01T00:00:00.000Z";
  const event = {
    action: "message",
    args: { content: markup, image_urls: [dot, 'x" onerror="1'], wait_for_response: false },
  };
  const lines = [
    { deckhand_export: 1, title: markup },
    { id: 0, timestamp: stamp, source: "user", message: "", ...event },
  ];
  await using server = await serve("demo");
  const client = connect({ url: server.url });
  const { id } = await client.import(lines.map((line) => JSON.stringify(line)).join("\n"));
  const file = join(folder, "exported.html");
  await writeFile(file, await buffer(await client.export(id, "html")));
  client.close();
  const { page, complaints } = await open(`file://${file}`);
  const message = page.getByRole("region", { name: "user" });
  assert.equal(await message.innerText(), markup);
  assert.equal(await page.evaluate("getComputedStyle(document.querySelector('.message')).whiteSpace"), "pre-wrap");
  assert.equal(await page.locator("img").count(), 1);
  assert.equal(await page.evaluate("document.querySelector('img').naturalWidth"), 1);
  assert.equal(await page.title(), markup);
  assert.deepEqual(complaints, []);
});

async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

/** With the demo model or a scripted one. */
async function serve(
  model: "demo" | object,
  options: { home?: string; env?: Record<string, string> } = {},
): Promise<ServerProcess> {
  const script = join(folder, "script.json");
  if (model !== "demo") await writeFile(script, JSON.stringify(model));
  const env = { LLM_MODEL: model === "demo" ? "demo" : `scripted/${script}`, ...options.env };
  return ServerProcess.start({ ...options, env });
}

test("[V48] a task starts with uploaded files, which are listed, opened, uploaded and downloaded", async () => {
  await using server = await serve("demo");
  const { page, complaints } = await open(server.url);
  await page.getByText("Connected", { exact: true }).waitFor();
  await page.getByLabel("Workspace", { exact: true }).click();
  await page.getByRole("option", { name: "Upload files" }).click();
  await page.getByLabel("Workspace", { exact: true }).filter({ hasText: "Upload files" }).waitFor();
  await page
    .getByLabel("Files to upload")
    .setInputFiles({ name: "sent.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  await page.getByLabel("Task").fill(task);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Finished" }).waitFor();
  await page.getByRole("tab", { name: "Files", exact: true }).click();
  const files = page.getByRole("region", { name: "Files" });
  await files.getByText("hello.sh").waitFor();
  await files.getByText("sent.txt").click();
  await page.getByRole("textbox", { name: "sent.txt" }).getByText("hello").waitFor();
  await page.getByRole("button", { name: "Back to files" }).click();
  await files
    .getByLabel("Upload")
    .setInputFiles({ name: "later.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
  await files.getByText("later.txt").waitFor();
  const downloading = page.waitForEvent("download");
  await files.getByRole("link", { name: "Download as zip" }).click();
  assert.equal((await downloading).suggestedFilename(), "workspace.zip");
  assert.deepEqual(complaints, []);
});
