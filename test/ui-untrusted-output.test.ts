/** Checks in Chromium, with a canary server, that hostile output of models, files, web pages and peers fetches and runs nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { connect, type Client } from "@deckhand/client";
import type { Browser, Page } from "playwright-core";
import { openPage, startBrowser } from "./kit/browser.ts";
import * as hostile from "./kit/hostile-markup.ts";
import { mark } from "./kit/hostile-markup.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const hits: string[] = [];

let canary: Server;
let base: string;
let browser: Browser;
let model: ModelProcess;
let server: ServerProcess;
let client: Client;

before(async () => {
  canary = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", base);
    if (pathname !== "/visited") hits.push(pathname);
    response.setHeader("Content-Type", "text/html");
    response.end(pathname === "/visited" ? hostile.visited(base) : "");
  }).listen(0, "127.0.0.1");
  await once(canary, "listening");
  const { port } = canary.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  [browser, model] = await Promise.all([
    startBrowser(),
    ModelProcess.start([], {
      conversations: [
        { when: "show all", replies: script() },
        { when: "ask first", replies: [{ text: all("text"), calls: [call("run", { command: all("asked") })] }] },
      ],
    }),
  ]);
  const allow = { DECKHAND_BROWSE_ALLOW: `127.0.0.1:${port}`, DECKHAND_CHECKPOINTS: "true" };
  server = await ServerProcess.start({ env: { ...model.env, ...allow } });
  client = connect({ url: server.url });
});
after(async () => {
  client?.close();
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  canary?.close();
});

test("[UJ3] output of models, files, web pages and peers makes no requests, runs nothing and does not navigate the UI", async () => {
  const { id } = await client.create({ task: `show all ${all("task")}`, settings: { approval: "never" } });
  await client.create({ task: `ask first ${all("task")}`, settings: { approval: "always" } });
  const imported = await client.import(log());
  const state = async (): Promise<string> =>
    (await client.list()).conversations
      .map(({ agent_state }) => String(agent_state))
      .toSorted()
      .join();
  await until(async () => /awaiting_user_confirmation.*finished/.test(await state()), 30_000);

  const { page } = await openPage(browser, `${server.url}/c/${id}?tab=plan`, {
    viewport: { width: 1500, height: 1200 },
  });
  const chat = page.getByRole("log");
  await chat.getByText(`${mark}-finish`).first().waitFor();
  const read = await readThrough(page);
  for (const source of ["task", "reasoning", "text", "thought", "output", "finish"])
    assert.ok(read.includes(`${mark}-${source}`), source);
  await page.getByRole("complementary").getByText(`${mark}-plan`).first().waitFor();
  await nothingHappened(page);

  await page.goto(`${server.url}/c/${id}?tab=browser`);
  await page.getByRole("complementary").getByText(`${mark}-page`).first().waitFor();
  await page.goto(`${server.url}/c/${id}?tab=changes`);
  const changes = page.getByRole("region", { name: "Changes", exact: true });
  await changes.getByText(`${mark}-html`).first().waitFor();
  await nothingHappened(page);
  for (const name of ["evil.html", "evil.md", evilName, "evil.svg"]) {
    await page.goto(`${server.url}/c/${id}?tab=files`);
    await page.getByRole("region", { name: "Files" }).getByRole("treeitem").filter({ hasText: name }).click();
    const file = page.getByRole("region", { name, exact: true });
    await file.getByText(`${mark}-`).first().waitFor();
    await nothingHappened(page);
  }
  await page.getByRole("button", { name: "View as image" }).click();
  await page.getByRole("region", { name: "evil.svg" }).locator("img").waitFor();
  await nothingHappened(page);
  await page.goto(`${server.url}/c/${id}?tab=events`);
  await page.getByRole("list", { name: "Events" }).waitFor();
  await nothingHappened(page);

  // An export of another server, with URLs in the place of images.
  await page.goto(`${server.url}/c/${imported.id}?tab=browser`);
  await chat.getByText(`${mark}-imported`).first().waitFor();
  await page.getByRole("complementary").getByText(`${mark}-visit`).first().waitFor();
  await nothingHappened(page);

  await page.goto(`${server.url}/inbox`);
  await page.getByRole("main").getByText(`${mark}-asked`).first().waitFor();
  await nothingHappened(page);
  await page.goto(`${server.url}/board`);
  await page.getByRole("main").getByText("ask first").first().waitFor();
  await nothingHappened(page);

  // A file opened by its own URL in a tab.
  for (const name of ["evil.svg", "evil.html"]) {
    await page.goto(`${server.url}/api/conversations/${id}/file?path=${name}`).catch(() => undefined);
    assert.equal(await page.evaluate("window.ran"), undefined, name);
  }
  assert.equal(hits.join(), "");

  // Without the content security policy the same output is fetched and runs, so the canary works.
  await fetch(`${base}/from-node`);
  assert.equal(hits.join(), "/from-node");
  const open = await browser.newPage();
  await open.goto(`${base}/visited`).catch(() => undefined);
  await until(() => hits.includes("/page/img") && hits.includes("/page/script"), 20_000);
});

/** Scrolls through the whole conversation and expands everything. */
async function readThrough(page: Page): Promise<string> {
  await page.evaluate("document.querySelector('[role=log]').parentElement.scrollTop = 0");
  let read = "";
  for (let isEnd = false; !isEnd;) {
    const [words, end] = await page.evaluate<[string, boolean]>(`(async () => {
      const log = document.querySelector("[role=log]");
      const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      await drawn();
      for (const each of log.querySelectorAll("button[aria-expanded=false]:not([aria-haspopup])")) each.click();
      await drawn();
      const before = log.parentElement.scrollTop;
      log.parentElement.scrollTop += 800;
      return [log.innerText, log.parentElement.scrollTop === before];
    })()`);
    read += words;
    isEnd = end;
  }
  return read;
}

/** No foreign requests, no script in any frame, no script links, and the page is still the UI. */
async function nothingHappened(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  assert.equal(hits.join(), "", page.url());
  for (const frame of page.frames()) assert.equal(await frame.evaluate("window.ran"), undefined, page.url());
  assert.equal(new URL(page.url()).origin, server.url);
  const ours = ["href", "src", "xlink:href", "action"].map(
    (name) => `[${name.replace(":", "\\\\:")}^="javascript:" i]`,
  );
  assert.equal(await page.evaluate(`document.querySelectorAll('${ours.join(",")}').length`), 0, page.url());
  assert.equal(await page.locator("iframe, object, embed, base").count(), 0, page.url());
}

function call(name: string, args: object): NonNullable<ScriptReply["calls"]>[number] {
  return { name, arguments: args };
}

const evilName = "<img src=x onerror=window.ran=1>.txt";

const all = (of: string): string => hostile.all(base, of);

function script(): ScriptReply[] {
  const claim = `${mark}-claim <img src="${base}/claim" onerror="window.ran=1">`;
  const write = (path: string, content: string) => call("write", { path, content });
  const heredoc = `cat >${JSON.stringify(evilName)} <<'E'\n${all("named")}\nE\ncat <<'E'\n${all("output")}\nE`;
  const checks = [{ claim, command: claim }];
  const finish: ScriptReply = { calls: [call("finish", { thought: all("finish"), checks })] };
  return [
    {
      reasoning: all("reasoning"),
      text: all("text"),
      calls: [
        call("think", { thought: all("thought") }),
        call("plan", { tasks: [{ title: all("plan"), status: "in_progress" }] }),
        write("evil.html", all("html")),
        write("evil.md", all("md")),
        write("evil.svg", hostile.svg(base, "svg")),
        call("run", { command: heredoc }),
        call("run", { command: `head -c 100000 /dev/zero | tr '\\0' '<'` }),
        call("browse", { url: `${base}/visited` }),
      ],
    },
    // A claim without evidence is rejected first.
    finish,
    finish,
  ] as ScriptReply[];
}

function log(): string {
  const timestamp = "2026-01-01T00:00:00.000Z";
  const picture = `${base}/picture`;
  const images = { image_urls: [picture, `javascript:window.ran=1`, `data:text/html,<script>window.ran=1</script>`] };
  const extras = {
    url: "javascript:window.ran=1",
    title: all("visit"),
    text: all("visit"),
    status: 200,
    screenshot: picture,
    error: false,
  };
  const lines = [
    { deckhand_export: 1, title: `${mark} <img src="${base}/title" onerror="window.ran=1">` },
    { source: "user", action: "message", args: { content: all("imported"), ...images, wait_for_response: false } },
    { source: "user", observation: "chat", content: all("imported"), extras: images, cause: 0 },
    { source: "agent", action: "browse", args: { url: picture, thought: all("visit") } },
    { source: "agent", observation: "browse", content: all("visit"), extras, cause: 2 },
  ];
  return lines
    .map((line, at) => JSON.stringify(at === 0 ? line : { id: at - 1, timestamp, message: "", ...line }))
    .join("\n");
}
