/** The conversation view, in a real browser on a real server. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import { isAction, type Action } from "@deckhand/protocol";
import type { Browser } from "playwright-core";
import { assertAccessible, openPage, startBrowser } from "./kit/browser.ts";
import { longLog } from "./kit/measure/long-conversation.ts";
import { ModelProcess } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

let browser: Browser;
let folder: string;

before(async () => {
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), "deckhand-chat-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

const remote = "https://canary.invalid/pixel.png";
const markdown = [
  "## What I found",
  "",
  `![a picture](${remote}) and [a page](https://canary.invalid/page) and <img src="${remote}"> and [bad](javascript:alert(1))`,
  "",
  "```ts",
  "const answer: number = 42;",
  "```",
  "",
  "| file | lines |",
  "| --- | --- |",
  "| `a.ts` | 3 |",
].join("\n");

test("[UC1][UC6] streamed text is formatted, keeps its elements when its event arrives, and makes no requests or markup", async () => {
  // Deltas from before the subscription are not sent again.
  await using server = await serve([{ text: markdown, delay_ms: 2_000, chunk_ms: 100, chunk_size: 12 }]);
  const { page, complaints, elsewhere } = await openPage(browser, server.url);
  await page.getByLabel("Task", { exact: true }).fill("look");
  await page.keyboard.press("Enter");
  const heading = page.getByRole("heading", { name: "What I found" });
  await heading.waitFor();
  await heading.evaluate((element) => element.setAttribute("data-kept", ""));
  assert.equal(await page.getByText("Step 1").count(), 0, "the text is still streaming");
  await page.getByText("Step 1").waitFor();
  assert.notEqual(await heading.getAttribute("data-kept"), null, "its elements are kept");
  await page.locator(".code-block .tok-keyword").filter({ hasText: "const" }).waitFor();
  await page.getByRole("table").getByText("a.ts").waitFor();
  const log = page.getByRole("log");
  assert.equal(await log.locator("img").count(), 0);
  assert.ok((await log.innerText()).includes(`<img src="${remote}">`), "markup is shown as text");
  const link = log.getByRole("link", { name: "a page" });
  assert.match((await link.getAttribute("rel")) ?? "", /noopener/);
  assert.equal(await log.getByRole("link", { name: "bad" }).count(), 0);
  await assertAccessible(page);
  assert.deepEqual([complaints, elsewhere], [[], []]);
});

test("[UC7] drafts survive a reload; pasted images go with the message and dropped files into the workspace", async () => {
  await using model = await ModelProcess.start([{ text: "Hello." }, { text: "Seen." }]);
  await using server = await ServerProcess.start({
    env: { LLM_MODEL: "gpt-4o", LLM_BASE_URL: model.url, LLM_API_KEY: "x" },
  });
  const client = connect({ url: server.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => client.close());
  const { page, complaints } = await openPage(browser, server.url);
  await page.getByLabel("Task", { exact: true }).fill("hello");
  await page.keyboard.press("Enter");
  await page.getByText("Hello.").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("half a thought");
  await until(() => page.evaluate<boolean>("Object.values(localStorage).includes('half a thought')"), 20_000);
  await page.reload();
  await until(() => page.evaluate<boolean>("document.querySelector('textarea')?.value === 'half a thought'"), 20_000);
  await page.evaluate(`{
    const bytes = Uint8Array.from(atob("${dot}"), (each) => each.charCodeAt(0));
    const clipboard = new DataTransfer();
    clipboard.items.add(new File([bytes], "dot.gif", { type: "image/gif" }));
    const paste = { clipboardData: clipboard, bubbles: true, cancelable: true };
    document.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", paste));
    const dropped = new DataTransfer();
    dropped.items.add(new File(["to remember"], "notes.txt", { type: "text/plain" }));
    for (const type of ["dragover", "drop"])
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: dropped, bubbles: true, cancelable: true }));
  }`);
  await page.getByRole("button", { name: "Remove dot.gif" }).waitFor();
  await page.getByRole("button", { name: "Remove notes.txt" }).waitFor();
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await page.getByText("Seen.").waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const message = await lastMessage(client, id);
  assert.equal(message.args.content, "half a thought\n\nFiles in the workspace: uploads/notes.txt");
  assert.deepEqual(message.args.image_urls, [`data:image/gif;base64,${dot}`]);
  assert.equal(await readFile(join(server.workspace, "uploads/notes.txt"), "utf8"), "to remember");
  await page.getByRole("img", { name: "Attached image" }).waitFor();
  assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), "");
  assert.deepEqual(complaints, []);
});

test("[UC8] keyboard: command palette, shortcut list, composer, moving between rows, and Stop", async () => {
  await using server = await serve([{ calls: [{ name: "run", arguments: { command: "echo begun; sleep 600" } }] }]);
  const { page, complaints } = await openPage(browser, server.url);
  await page.getByLabel("Task", { exact: true }).fill("wait");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Running echo begun" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await keys.getByText("Write a message").waitFor();
  await page.keyboard.press("Escape");
  await keys.waitFor({ state: "detached" });
  await page.keyboard.press("m");
  await page.keyboard.type("now what");
  assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), "now what", "letters are text there");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  assert.match((await page.locator(":focus").textContent()) ?? "", /wait|echo/);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Commands" }).fill("dark theme");
  await page.keyboard.press("Enter");
  await until(() => page.evaluate<boolean>("document.documentElement.dataset.theme === 'dark'"), 20_000);
  await page.keyboard.press("Control+.");
  await page.getByRole("status").filter({ hasText: "Stopped" }).waitFor();
  await assertAccessible(page);
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.waitForURL(/\/inbox$/);
  assert.deepEqual(complaints, []);
});

test("[UC10] the log follows its end while text streams, and keeps its position after scrolling up", async () => {
  const long = Array.from({ length: 40 }, (_, n) => `Paragraph ${n}: ${"words that go on ".repeat(16)}`).join("\n\n");
  await using server = await serve([{ text: long, delay_ms: 2_000, chunk_ms: 20, chunk_size: 60 }]);
  const { page } = await openPage(browser, server.url);
  await page.getByLabel("Task", { exact: true }).fill("tell");
  await page.keyboard.press("Enter");
  const log = page.getByRole("log");
  await log.getByText("Paragraph 6:").waitFor();
  const fromEnd = await page.evaluate<number[]>(`new Promise((resolve) => {
    const scroller = document.querySelector("[role=log]").parentElement;
    const distances = [];
    const measure = () => {
      distances.push(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight);
      // After the frame, to measure what is painted.
      if (distances.length < 60) requestAnimationFrame(() => setTimeout(measure));
      else resolve(distances);
    };
    measure();
  })`);
  const behind = fromEnd.filter((pixels, at) => pixels > 80 && (fromEnd[at - 1] ?? 0) > 80);
  assert.deepEqual(behind, [], "pixels from the end, for more than a frame");
  await log.hover();
  await page.mouse.wheel(0, -600);
  await until(() => page.getByRole("button", { name: "Scroll to end" }).isVisible(), 10_000);
  const scrollTop = (): Promise<number> =>
    page.evaluate("document.querySelector('[role=log]').parentElement.scrollTop");
  // On a busy machine the button can appear before the browser has scrolled.
  let position = await scrollTop();
  const hasSettled = async (): Promise<boolean> => {
    const earlier = position;
    await new Promise((resolve) => setTimeout(resolve, 200));
    position = await scrollTop();
    return position === earlier;
  };
  await until(hasSettled, 10_000);
  await page.getByText("Step 1").waitFor({ state: "attached" });
  assert.equal(await scrollTop(), position);
  await page.getByRole("button", { name: "Scroll to end" }).click();
  await log.getByText("Paragraph 39:").waitFor();
});

test("[UC4][UC9][UH5] a log of 10,000 events opens at its end, links lead to single events, and the result shows its verification", async (context) => {
  await using server = await serve([]);
  const client = connect({ url: server.url });
  using atEnd = new DisposableStack();
  atEnd.defer(() => client.close());
  const { id } = await client.import(longLog(10_000));
  const { page, complaints } = await openPage(browser, server.url);
  const begun = performance.now();
  await page.goto(`${server.url}/c/${id}`);
  const log = page.getByRole("log");
  await log.getByText("It is all done.").waitFor();
  context.diagnostic(`opened in ${(performance.now() - begun).toFixed(0)} ms`);
  // 1 s on an idle machine; this one may be busy.
  assert.ok(performance.now() - begun < 8_000);
  assert.ok((await log.locator("> *").count()) < 60, "only visible rows are rendered");
  await log.getByText("The tests pass").waitFor();
  await log.getByText("verified", { exact: true }).waitFor();
  await log.getByText("not verified", { exact: true }).waitFor();
  await log.getByRole("link", { name: /npm test -- file\d+/ }).click();
  await page.waitForURL(/#e\d+$/);
  await page.goto(`${server.url}/c/${id}#e3003`);
  await log.getByText("npm test -- file1000.ts").waitFor();
  assert.equal(await log.getByText("It is all done.").count(), 0);
  await page.getByRole("button", { name: "Scroll to end" }).click();
  await log.getByText("It is all done.").waitFor();
  assert.deepEqual(complaints, []);
});

const dot = "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

async function serve(replies: readonly object[]): Promise<ServerProcess> {
  const script = join(folder, `${replies.length}-${Math.random()}.json`);
  await writeFile(script, JSON.stringify({ replies }));
  return ServerProcess.start({ env: { LLM_MODEL: `scripted/${script}` } });
}

async function lastMessage(client: ReturnType<typeof connect>, id: string): Promise<Action<"message">> {
  let last: Action<"message"> | undefined;
  const stop = new AbortController();
  for await (const item of client.follow(id, { signal: stop.signal })) {
    if (item.type === "caught_up") stop.abort();
    if (item.type !== "event" || !isAction(item.event)) continue;
    if (item.event.action === "message" && item.event.source === "user") last = item.event;
  }
  await until(() => last !== undefined, 1_000);
  return last as Action<"message">;
}
