/** The UI offline, in two browsers and after a crash of the server, on a real server with a scripted model server. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import { isAction } from "@deckhand/protocol";
import type { Browser, Page } from "playwright-core";
import { openPage, startBrowser } from "./kit/browser.ts";
import { flakyProxy } from "./kit/flaky-proxy.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const token = "a-token-of-this-test-only";
const steps = 14;
/** Nothing listens on this port, so connections fail at once while the network is down. */
const closedPort = 1;

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
});

test("[UJ1] the UI says unobtrusively that it is offline, catches up without a reload, and a second browser shows the same", async () => {
  const work = Array.from({ length: steps }, (_, at): ScriptReply => ({
    text: `This is part ${at} of it.`,
    calls: [{ name: "run", arguments: { command: `echo part-${at}` } }],
    delay_ms: 500,
  }));
  await using model = await ModelProcess.start([...work, { text: "All parts are there." }]);
  let isOffline = false;
  let server: ServerProcess | undefined = undefined;
  await using proxy = await flakyProxy(() => (isOffline ? closedPort : (server?.port ?? closedPort)));
  const env = { ...model.env, DECKHAND_HOSTS: `127.0.0.1:${proxy.port}`, DECKHAND_TOKEN: token };
  await using started = await ServerProcess.start({ env });
  server = started;
  const near = connect({ url: server.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => near.close());

  const { page } = await openPage(browser, `http://127.0.0.1:${proxy.port}/?token=${token}`, tall);
  await page.getByLabel("Task", { exact: true }).fill("part by part");
  await page.keyboard.press("Enter");
  const log = page.getByRole("log");
  await log.getByText("This is part 1 of it.").waitFor();
  await page.evaluate("window.isKept = true");
  const [row] = (await near.list()).conversations;
  const id = row?.id ?? "";

  isOffline = true;
  assert.ok(proxy.cut() > 0);
  await page.getByText(/^No connection\.[^]*This page may be out of date/).waitFor();
  const seen = await parts(page);
  await until(async () => (await partsOnServer(near, id)) > seen.length + 3, 20_000);
  assert.deepEqual(await parts(page), seen, "the page shows the last known state");
  assert.equal(await page.getByRole("dialog").count(), 0, "quietly");
  assert.equal(await page.getByRole("alert").count(), 0, "quietly");
  assert.ok((await partsOnServer(near, id)) < steps, "the agent still works");
  isOffline = false;

  await log.getByText("All parts are there.").waitFor();
  await page.getByText("This page may be out of date").waitFor({ state: "detached" });
  const all = Array.from({ length: steps }, (_, at) => `This is part ${at} of it.`);
  assert.deepEqual(await parts(page), all);
  assert.equal(await page.evaluate("window.isKept"), true, "the page was not reloaded");

  const shown = await rows(page);
  const second = await openPage(browser, `${server.url}/c/${id}`, tall);
  await second.page.getByRole("log").getByText("All parts are there.").waitFor();
  assert.deepEqual(await rows(second.page), shown);
  await page.reload();
  await log.getByText("All parts are there.").waitFor();
  assert.deepEqual(await rows(page), shown);
  assert.deepEqual(second.complaints, []);
});

test("[UJ2] after a crash during a command the UI reconnects, says that the outcome is unknown, and continues", async () => {
  await using model = await ModelProcess.start([
    { calls: [{ name: "run", arguments: { command: "echo begun; sleep 600" } }] },
    { text: "I looked, and went on." },
  ]);
  await using first = await ServerProcess.start({ env: model.env });
  const { page } = await openPage(browser, `${first.url}/`);
  await page.getByLabel("Task", { exact: true }).fill("a long command");
  await page.keyboard.press("Enter");
  await page.getByLabel("Output so far").filter({ hasText: "begun" }).waitFor();
  await page.evaluate("window.isKept = true");
  await first.end("SIGKILL");
  await page.getByText(/^No connection\.[^]*This page may be out of date/).waitFor();

  const port = String(first.port);
  await using second = await ServerProcess.start({ home: first.home, env: { ...model.env, PORT: port } });
  assert.equal(second.url, first.url);
  await page.getByText("Connected", { exact: true }).waitFor();
  const log = page.getByRole("log");
  await log
    .getByText(/its outcome is unknown/)
    .first()
    .waitFor();
  await page.getByRole("status").filter({ hasText: "Paused" }).waitFor();
  assert.equal(await page.getByLabel("Output so far").count(), 0, "nothing is shown as running");
  await page.getByLabel("Message", { exact: true }).fill("go on");
  await page.keyboard.press("Enter");
  await log.getByText("I looked, and went on.").waitFor();
  assert.equal(await log.getByText("go on", { exact: true }).count(), 1);
  assert.equal(await page.evaluate("window.isKept"), true, "the page was not reloaded");
});

/** Tall enough to render every row. */
const tall = { viewport: { width: 1360, height: 2400 } };

async function parts(page: Page): Promise<readonly string[]> {
  return (await page.getByRole("log").innerText()).match(/This is part \d+ of it\./g) ?? [];
}

async function rows(page: Page): Promise<readonly string[]> {
  const texts = await page.getByRole("log").locator("> *").allInnerTexts();
  return texts.map((text) => text.replaceAll(/\s+/g, " "));
}

/** The number of parts that the server has, regardless of what the UI shows. */
async function partsOnServer(client: ReturnType<typeof connect>, id: string): Promise<number> {
  let count = 0;
  for await (const item of client.follow(id)) {
    if (item.type === "caught_up") break;
    if (item.type === "event" && isAction(item.event) && item.event.action === "run") count += 1;
  }
  return count;
}
