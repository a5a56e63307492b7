/** History in the UI: the slider, earlier files, fork and restore, in a real browser. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import type { Browser } from "playwright-core";
import { startBrowser, openPage } from "./kit/browser.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const write = (path: string, content: string): ScriptReply => ({
  text: `I write ${content}.`,
  calls: [{ name: "write", arguments: { path, content: `${content}\n` } }],
});
const script: readonly ScriptReply[] = [
  write("note.txt", "first"),
  write("note.txt", "second"),
  { text: "A look.", calls: [{ name: "run", arguments: { command: "cat note.txt" } }] },
  { calls: [{ name: "finish", arguments: { thought: "The note is second." } }] },
];

let browser: Browser;
let model: ModelProcess;
let server: ServerProcess;
before(async () => {
  browser = await startBrowser();
  model = await ModelProcess.start(script);
  server = await ServerProcess.start({
    env: { ...model.env, DECKHAND_CHECKPOINTS: "true", DECKHAND_APPROVAL: "never" },
  });
});
after(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

test("[UT3] the slider shows the earlier conversation, cost and files, from where it can be forked or restored", async (t) => {
  const client = connect({ url: server.url });
  t.after(() => client.close());
  const { id } = await client.create({ task: "write the note" });
  const note = join(server.workspace, "note.txt");
  await until(async () => (await client.list()).conversations[0]?.agent_state === "finished", 20_000);
  const log = await logOf(id);
  const firstWritten = log.find((event) => event["observation"] === "write")?.["id"] as number;
  await until(async () => {
    const last = (await logOf(id)).findLast((event) => event["observation"] === "checkpoint");
    return last !== undefined && (last["extras"] as { after: number }).after > firstWritten + 3;
  }, 20_000);

  const { page, complaints } = await openPage(browser, `${server.url}/c/${id}`);
  const chat = page.getByRole("log");
  await chat.getByText("The note is second.").waitFor();

  // Open the history by key and move in it.
  await page.locator("main h1").click();
  await page.keyboard.press("t");
  const bar = page.getByRole("region", { name: "History" });
  const slider = bar.getByRole("slider");
  await slider.fill(String(firstWritten));
  await bar.getByText(`${firstWritten} / `).waitFor();
  await bar.getByText(/1 step · \$/).waitFor();
  await chat.getByText("I write first.").waitFor();
  assert.equal(await chat.getByText("The note is second.").count(), 0, "later messages are not shown");
  assert.equal(await page.getByLabel("Message").count(), 0, "there is no composer in the history");
  await page.waitForURL(new RegExp(`[?&]at=${firstWritten}`));

  await page.getByRole("tab", { name: "Files", exact: true }).click();
  const files = page.getByRole("region", { name: "Files at this point" });
  await files.getByRole("button", { name: /note\.txt/ }).click();
  await files.getByText("first", { exact: true }).waitFor();

  // The position is part of the URL.
  await page.reload();
  await bar.getByText(`${firstWritten} / `).waitFor();

  // The dialog previews the restore without doing it.
  await bar.getByRole("button", { name: "Restore files" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("note.txt").waitFor();
  assert.equal(readFileSync(note, "utf8"), "second\n");
  await dialog.getByRole("button", { name: "Restore 1 file" }).click();
  await page.getByText("Files restored").waitFor();
  assert.equal(readFileSync(note, "utf8"), "first\n");
  await page.getByLabel("Message").waitFor();

  // Wait for the checkpoint of the restore, so that later changes count as made by others.
  await until(async () => {
    const events = await logOf(id);
    const restored = events.findLast((event) => event["observation"] === "restore")?.["id"] as number;
    const last = events.findLast((event) => event["observation"] === "checkpoint");
    return last !== undefined && (last["extras"] as { after: number }).after >= restored;
  }, 20_000);
  // Changes by the user are marked and only reverted on request.
  writeFileSync(note, "mine\n");
  writeFileSync(join(server.workspace, "own.txt"), "mine\n");
  await page.goto(`${server.url}/c/${id}?at=${log.length - 1}`);
  await bar.getByRole("button", { name: "Restore files" }).click();
  await dialog.getByText("changed by others since").first().waitFor();
  assert.equal(await dialog.getByRole("button", { name: /^Restore \d/ }).isDisabled(), true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(readFileSync(note, "utf8"), "mine\n");
  assert.ok(existsSync(join(server.workspace, "own.txt")));

  await slider.fill(String(firstWritten));
  await bar.getByRole("button", { name: "Fork from here" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/c/") && !url.pathname.includes(id));
  await chat.getByText("I write first.").waitFor();
  assert.equal(await chat.getByText("I write second.").count(), 0);
  const [fork] = (await client.list()).conversations.filter((row) => row.id !== id);
  assert.equal(fork?.id, decodeURIComponent(new URL(page.url()).pathname.slice("/c/".length)));
  // A fork has no checkpoint yet, which the server answers with 404.
  const others = complaints.filter((text) => !/404.*\/(?:diff|history)/.test(text));
  assert.deepEqual(others, []);
});

async function logOf(id: string): Promise<readonly Record<string, unknown>[]> {
  const answer = await fetch(`${server.url}/api/conversations/${id}/events?limit=500`);
  return ((await answer.json()) as { events: Record<string, unknown>[] }).events;
}
