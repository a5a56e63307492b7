/** Requirements for all pages of the UI, in a real browser on a real server. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import type { Browser, Page } from "playwright-core";
import { assertAccessible, openPage, startBrowser } from "./kit/browser.ts";
import { longLog } from "./kit/measure/long-conversation.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

let browser: Browser;
let server: ServerProcess;
let conversation: string;

before(async () => {
  browser = await startBrowser();
  server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  const client = connect({ url: server.url });
  conversation = (await client.import(longLog(60))).id;
  client.close();
});
after(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

const pages = (): readonly string[] => [
  "/",
  `/c/${conversation}`,
  "/inbox",
  "/board",
  "/settings",
  "/settings/appearance",
];

for (const colorScheme of ["light", "dark"] as const) {
  test(`[UH6] no page has serious accessibility violations: ${colorScheme}`, async () => {
    const { page, complaints, elsewhere } = await openPage(browser, server.url, { colorScheme });
    for (const path of pages()) {
      await page.goto(server.url + path);
      await page.getByRole("main").waitFor();
      await isQuiet(page);
      await assertAccessible(page);
    }
    assert.deepEqual([complaints, elsewhere], [[], []]);
  });
}

test("[UH7] the language defaults to the browser's; a chosen language and theme are saved", async () => {
  const { page, complaints } = await openPage(browser, `${server.url}/c/${conversation}`, { locale: "de-DE" });
  await page.getByRole("link", { name: "Neue Aufgabe" }).first().waitFor();
  assert.equal(await page.evaluate("document.documentElement.lang"), "de");
  await page.getByRole("log").getByText("Verifizierung").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Befehle" }).fill("dunkle");
  await page.keyboard.press("Enter");
  const chosen = '{"language":"zh-Hans"}';
  await until(() => page.evaluate<boolean>("document.documentElement.dataset.theme === 'dark'"), 10_000);
  await page.evaluate(
    `localStorage.setItem("deckhand.preferences", JSON.stringify({ ...JSON.parse(localStorage.getItem("deckhand.preferences")), ...${chosen} }))`,
  );
  await page.reload();
  await page.getByRole("link", { name: "新建任务" }).first().waitFor();
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
  assert.deepEqual(complaints, []);
});

test("[UH8] a phone shows one pane at a time, nothing overflows, and every pane is one tap away", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const { page, complaints } = await openPage(browser, `${server.url}/c/${conversation}`, phone);
  const panes = page.getByRole("navigation", { name: "Navigation" });
  await page.getByRole("log").getByText("It is all done.").waitFor();
  assert.equal(await page.getByRole("navigation", { name: "Conversations" }).isVisible(), false);
  await isNotWider(page);
  await panes.getByRole("button", { name: "Work" }).tap();
  await page.getByRole("tab").first().waitFor();
  assert.equal(await page.getByRole("log").isVisible(), false);
  await isNotWider(page);
  await panes.getByRole("button", { name: "Conversations" }).tap();
  await page.getByRole("navigation", { name: "Conversations" }).getByText("A long conversation").tap();
  await page.getByRole("log").getByText("It is all done.").waitFor();
  await panes.getByRole("link", { name: "Inbox" }).tap();
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
});

test("[UH9] an idle page uses next to no CPU", async (context) => {
  const { page } = await openPage(browser, `${server.url}/c/${conversation}`);
  await page.getByRole("log").getByText("It is all done.").waitFor();
  await page.keyboard.press("Escape");
  await isQuiet(page);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  };
  const [from, begun] = [await busySeconds(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const share = (await busySeconds()) - from;
  const percent = (share / ((performance.now() - begun) / 1000)) * 100;
  context.diagnostic(`${percent.toFixed(2)} % of a core`);
  assert.ok(percent < 2, `${percent.toFixed(2)} %`);
});

/** Waits for the network to be idle and for finite animations to end. */
async function isQuiet(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.evaluate(
    "Promise.allSettled(document.getAnimations().filter((each) => each.effect?.getTiming().iterations !== Infinity).map((each) => each.finished))",
  );
}

async function isNotWider(page: Page): Promise<void> {
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
}
