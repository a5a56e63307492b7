/** Lists, inbox, approvals and new tasks, in a real browser on a real server. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type Client } from "@deckhand/client";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { openPage, startBrowser, type OpenPage } from "./kit/browser.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string) => ({ calls: [{ name: "run", arguments: { command } }] });
const hidden = "echo one\u202Etwo\u200B; touch asked";
/** Replies by the text of the task. */
const scripts = {
  "ask twice": [run(hidden), run("echo allowed > allowed"), { text: "Done." }],
  "ask once": [run("echo inbox"), { text: "Which one?" }],
  "hand it on": [
    { calls: [{ name: "delegate", arguments: { agent: "tester", task: "CHILD: look" } }] },
    { text: "The child has looked." },
  ],
  CHILD: [run("echo from the child"), { calls: [{ name: "finish", arguments: { thought: "Looked." } }] }],
  chat: [{ text: "Hello." }],
};

/** `a.txt` with "hello", as `zip` makes it. */
const zipped = Buffer.from(
  "UEsDBAoAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS50eHRoZWxsb1BLAQIeAwoAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAAAAAAAAAAACkgQAAAABhLnR4dFBLBQYAAAAAAQABADMAAAAoAAAAAAA=",
  "base64",
);

let browser: Browser;
let folder: string;
let server: ServerProcess;
let client: Client;

before(async () => {
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), "deckhand-inbox-"));
  const script = join(folder, "script.json");
  const conversations = Object.entries(scripts).map(([when, replies]) => ({ when, replies }));
  await writeFile(script, JSON.stringify({ conversations }));
  server = await ServerProcess.start({ env: { LLM_MODEL: `scripted/${script}` } });
  client = connect({ url: server.url });
});
after(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test("[UP12] an approval shows invisible characters, is denied with a reason or allowed by a key, and messages are queued meanwhile", async () => {
  const { id } = await client.create({ task: "ask twice", settings: { approval: "always" } });
  const { page, complaints } = await open(`${server.url}/c/${id}`);
  const request = page.getByRole("group", { name: "Requested action" });
  await request.filter({ hasText: "echo one⟨U+202E⟩two⟨U+200B⟩; touch asked" }).waitFor();
  assert.equal(await request.locator("mark").count(), 2);
  await page.getByText(/^Auto-denied in/).waitFor();
  await page.getByLabel("Message").fill("one more thing");
  await page.keyboard.press("Enter");
  await page.getByText("Queued").waitFor();
  await page.getByLabel("Reason", { exact: true }).fill("not like this");
  await page.getByRole("button", { name: "Deny" }).click();
  await request.filter({ hasText: "echo allowed" }).waitFor();
  assert.equal(existsSync(join(server.workspace, "asked")), false);
  // Letters are text in a text field and shortcuts elsewhere.
  await page.getByLabel("Message").press("y");
  assert.equal(await page.getByLabel("Message").inputValue(), "y");
  await page.getByLabel("Message").fill("");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("y");
  await until(() => existsSync(join(server.workspace, "allowed")), 15_000);
  await page.getByText("Done.", { exact: true }).waitFor();
  const denied = (await log(id)).find((event) => "action" in event && event.action === "approve");
  assert.deepEqual(denied?.args, { id: denied?.args.id, decision: "deny", reason: "not like this" });
  assert.deepEqual(complaints, []);
});

test("[UP13] the inbox lists and answers waiting items, the title counts them, and a second answer names the first one", async () => {
  const { page, complaints } = await open(`${server.url}/inbox`);
  const counted = Number(/^\((\d+)\)/.exec(await page.title())?.[1] ?? 0);
  const [first, second] = await Promise.all(
    ["ask once, one", "ask once, two"].map((task) => client.create({ task, settings: { approval: "always" } })),
  );
  const cards = page.getByRole("region", { name: /^Approval/ });
  await cards.nth(1).waitFor();
  await page.waitForFunction(`document.title === "(${counted + 2}) Inbox · Deckhand"`);
  assert.match(String(await page.getAttribute("link[rel=icon]", "href")), /favicon-waiting/);
  await cards.filter({ hasText: "ask once, one" }).getByRole("button", { name: "Allow once" }).click();
  await page.getByRole("article").filter({ hasText: "Which one?" }).waitFor();
  const { text, asked } = (await client.inbox()).items.find(({ id }) => id === second?.id)?.waiting ?? {};
  assert.equal(asked?.action, "run");
  assert.match(String(text), /echo inbox/);

  // Another client answers while this one is offline.
  const other = (await log(second?.id ?? "")).findLast((event) => "approval" in event);
  await page.context().setOffline(true);
  await client.send(second?.id ?? "", "approve", { id: other?.id ?? -1, decision: "deny", name: "Ana" });
  await cards.filter({ hasText: "ask once, two" }).getByRole("button", { name: "Allow once" }).click();
  await page.context().setOffline(false);
  await page.getByText(/already denied by Ana/).waitFor();
  await page.getByRole("article").filter({ hasText: "ask once, one" }).getByLabel("Reply").fill("the first");
  await page.keyboard.press("Enter");
  await until(async () => (await log(first?.id ?? "")).some((event) => event.message === "the first"), 15_000);
  assert.deepEqual(complaints.filter(isOurs), []);
});

test("[UP14] pinning, renaming, archiving and searching conversations is visible to all clients", async () => {
  const { page, complaints } = await open(server.url);
  const { page: other } = await open(`${server.url}/board`);
  const list = page.getByRole("navigation", { name: "Conversations" });
  const options = (title: string) => list.getByRole("button", { name: `Actions for ${title}`, exact: true });
  for (const name of ["chat about a heron", "chat about a pelican"]) await client.create({ task: name });
  await list.getByText("chat about a pelican").waitFor();
  await options("chat about a heron").click();
  await page.getByRole("menuitem", { name: "Pin", exact: true }).click();
  await list.getByLabel("Pinned").waitFor();
  await list.getByRole("listitem").first().filter({ hasText: "heron" }).waitFor();
  await options("chat about a heron").click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Title").fill("Grey birds");
  await page.keyboard.press("Enter");
  await other.getByRole("navigation", { name: "Conversations" }).getByText("Grey birds").waitFor();
  await other.getByRole("main").getByText("Grey birds").waitFor();

  await options("chat about a pelican").click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await list.getByText("chat about a pelican").waitFor({ state: "detached" });
  await other.getByRole("main").getByText("chat about a pelican").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Show archived" }).click();
  await list.getByText("chat about a pelican").waitFor();
  assert.equal(await list.getByText("Grey birds").count(), 0);
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByLabel("Search").fill("pelican");
  await list.getByText("chat about a pelican").waitFor();
  await list.getByText("Grey birds").waitFor({ state: "detached" });
  await options("chat about a pelican").click();
  await page.getByRole("menuitem", { name: "Unarchive" }).click();
  await page.getByLabel("Search").fill("");
  await list.getByText("Grey birds").waitFor();
  assert.ok(await list.getByText("chat about a pelican").isVisible());
  assert.deepEqual(complaints, []);
});

test("[UP17] a task starts with the chosen workspace, policy and uploaded zip, and typical usage is shown", async () => {
  const { page, complaints } = await open(server.url);
  await page.getByLabel("Approval policy").click();
  await page.getByRole("option", { name: "Always ask" }).click();
  await page.getByLabel("Workspace", { exact: true }).click();
  await page.getByRole("option", { name: "Clone repository" }).click();
  await page.getByLabel("Task").fill("chat about a clone");
  await page.keyboard.press("Enter");
  await page.getByText("Choose a repository or folder first.").waitFor();
  await page.getByLabel("Repository URL").fill("https://example.invalid/a.git");
  await page.getByLabel("Branch, tag or commit").fill("v2");
  await page.getByLabel("Workspace", { exact: true }).click();
  await page.getByRole("option", { name: "Upload files" }).click();
  await page.getByLabel("Files to upload").setInputFiles({ name: "work.zip", mimeType: "", buffer: zipped });
  await page.getByText("1 file,").waitFor();
  await page.getByLabel("Task").press("Enter");
  await page.getByText("Hello.", { exact: true }).waitFor();
  const [row] = (await client.list({ limit: 1 })).conversations;
  const [begun] = await log(row?.id ?? "");
  assert.equal(begun?.args.approval, "always");
  assert.equal(typeof begun.args.workspace.upload, "string");
  await until(
    async () => (await client.files.list(row?.id ?? "")).entries.some(({ name }) => name === "a.txt"),
    15_000,
  );
  await page.goto(server.url);
  await page.getByText(/^Typical: ~\d+ steps?/).waitFor();
  assert.deepEqual(complaints, []);
});

test("[UP18] a long list renders only visible rows, loads more on scrolling, and search finds the last one", async () => {
  await using many = await ServerProcess.start();
  const api = connect({ url: many.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => api.close());
  for (let at = 0; at < 80; at += 1) {
    const { id } = await api.create();
    await api.change(id, { title: `number ${at}` });
  }
  const { page, complaints } = await open(many.url);
  const list = page.getByRole("navigation", { name: "Conversations" });
  await list.getByText("number 79", { exact: true }).waitFor();
  const drawn = (): Promise<number> => list.getByRole("listitem").count();
  assert.ok((await drawn()) < 50, `${await drawn()} rows`);
  const scrolled = async (): Promise<boolean> => {
    await page.mouse.wheel(0, 2_000);
    return list.getByText("number 0", { exact: true }).isVisible();
  };
  await list.getByText("number 79", { exact: true }).hover();
  await until(scrolled, 15_000);
  assert.ok((await drawn()) < 50, `${await drawn()} rows`);
  await page.getByLabel("Search").fill("number 7");
  await list.getByText("number 7", { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
});

test("[UP19] a subagent is listed below its parent, and its approvals in the inbox name the parent", async () => {
  const { id } = await client.create({ task: "hand it on", settings: { approval: "always" } });
  const { page, complaints } = await open(`${server.url}/inbox`);
  const ofParent = page.getByRole("region", { name: "Approval: hand it on" });
  await ofParent.getByText("Delegate task").waitFor();
  await ofParent.getByRole("button", { name: "Allow once" }).click();
  const ofChild = page.getByRole("region", { name: /^Approval: .*CHILD/ });
  await ofChild.getByRole("link", { name: "for “hand it on”" }).waitFor();
  await ofChild.filter({ hasText: "echo from the child" }).waitFor();
  const list = page.getByRole("navigation", { name: "Conversations" });
  const rows = await list.getByRole("listitem").allInnerTexts();
  const at = rows.findIndex((text) => text.startsWith("hand it on"));
  assert.match(String(rows[at + 1]), /CHILD: look/);
  await ofChild.getByRole("button", { name: "Allow once" }).click();
  await until(async () => (await log(id)).some((event) => event.message === "The child has looked."), 15_000);
  await ofChild.waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
});

test("[UP16] approvals can be answered on a phone, and nothing overflows the screen", async () => {
  const { id } = await client.create({ task: "ask once, from the road", settings: { approval: "always" } });
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const { page, complaints } = await open(server.url, phone);
  const isWide = () => page.evaluate("document.documentElement.scrollWidth > innerWidth");
  assert.equal(await isWide(), false, "the start page");
  await page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name: "Inbox" }).tap();
  const card = page.getByRole("region", { name: /^Approval/ }).filter({ hasText: "from the road" });
  await card.waitFor();
  assert.equal(await isWide(), false, "the inbox");
  await card.getByRole("button", { name: "Allow once" }).tap();
  await until(async () => (await log(id)).some((event) => event.message === "Which one?"), 15_000);
  for (const path of ["board", "settings/models", "settings/approvals", "settings/sandbox", `c/${id}`]) {
    await page.goto(`${server.url}/${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await isWide(), false, path);
  }
  assert.deepEqual(complaints, []);
});

// oxlint-disable-next-line typescript/no-explicit-any -- tests know the events they read
async function log(id: string): Promise<readonly Readonly<Record<string, any>>[]> {
  const events = [];
  for await (const item of client.follow(id)) {
    if (item.type === "caught_up") break;
    if (item.type === "event") events.push(item.event);
  }
  return events;
}

/** Messages of the browser about being offline are expected. */
function isOurs(complaint: string): boolean {
  return !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(complaint);
}

/** Narrow enough to hide the work panel. */
function open(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  return openPage(browser, url, { viewport: { width: 1200, height: 860 }, ...options });
}
