/** The web UI in a real Chromium: download size, time to open, scrolling, typing, and CPU when idle. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { connect } from "@deckhand/client";
import { openPage, startBrowser } from "@deckhand/test/browser";
import { longLog } from "@deckhand/test/long-conversation";
import { ServerProcess } from "@deckhand/test/server-process";
import type { Page } from "playwright-core";
import { median, percentile, table } from "./table.ts";

const dist = join(import.meta.dirname, "../../web/dist");
const events = 10_000;
const visits = 5;
const letters = 100;
const idleMs = 10_000;

export async function measurePage(): Promise<string> {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  const client = connect({ url: server.url });
  const { id } = await client.import(longLog(events)).finally(() => client.close());
  const browser = await startBrowser();
  try {
    const { page } = await openPage(browser, server.url);
    const openMs: number[] = [];
    for (let visit = 0; visit < visits; visit += 1) openMs.push(await open(page, `${server.url}/c/${id}`));
    const idle = await idlePercent(page);
    const typingMs = await type(page);
    const frameMs = await scroll(page);
    return table(
      ["figure", "deckhand", "bar"],
      [
        ["initial JavaScript, compressed", `${(initialBytes() / 1000).toFixed(0)} kB`, "350 kB"],
        [`${events.toLocaleString("en")} events: from navigation to the last one on screen`, ms(median(openMs)), "1 s"],
        ["… frames per second while scrolling (median)", (1000 / median(frameMs)).toFixed(0), "60"],
        ["… frame time (median / p95)", `${ms(median(frameMs))} / ${ms(percentile(frameMs, 95))}`, "–"],
        [
          "… from a key press until it is painted (median / p95)",
          `${ms(median(typingMs))} / ${ms(percentile(typingMs, 95))}`,
          "50 ms",
        ],
        ["… CPU of the idle tab", `${idle.toFixed(2)} %`, "1 %"],
      ],
    );
  } finally {
    await browser.close();
  }
}

/** The scripts that the built index.html names: its entry and everything that the entry imports statically. */
function initialBytes(): number {
  const page = readFileSync(join(dist, "index.html"), "utf8");
  const scripts = [...page.matchAll(/(?:src|href)="\/?([^"]+\.js)"/g)].map(([, path = ""]) => path);
  return scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, 0);
}

/** By the page's own clock, until the first frame that contains the last message. */
async function open(page: Page, url: string): Promise<number> {
  await page.goto("about:blank");
  await page.goto(url, { waitUntil: "commit" });
  return page.evaluate<number>(`new Promise((resolve) => {
    const check = () => document.querySelector("[role=log]")?.innerText.includes("It is all done.") ? resolve(performance.now()) : requestAnimationFrame(check);
    check();
  })`);
}

async function idlePercent(page: Page): Promise<number> {
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(2000);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  };
  const [before, startedAt] = [await busySeconds(), performance.now()];
  await page.waitForTimeout(idleMs);
  const percent = (((await busySeconds()) - before) / ((performance.now() - startedAt) / 1000)) * 100;
  await session.detach();
  return percent;
}

/** Milliseconds from each key press to the frame after the one that shows its letter. */
async function type(page: Page): Promise<readonly number[]> {
  await page.getByLabel("Message", { exact: true }).focus();
  await page.evaluate(`{
    window.typed = [];
    addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.typed.push(performance.now() - timeStamp);
      port2.postMessage(0);
    }), true);
  }`);
  for (let letter = 0; letter < letters; letter += 1) await page.keyboard.type("a", { delay: 20 });
  await page.waitForFunction(`window.typed.length === ${letters}`);
  return page.evaluate<readonly number[]>("window.typed");
}

/** Scrolls from end to beginning in about five seconds; returns the frame times. */
async function scroll(page: Page): Promise<readonly number[]> {
  return page.evaluate<readonly number[]>(`new Promise((resolve) => {
    const region = document.querySelector("[role=log]").parentElement;
    const times = [];
    let last;
    const pixels = region.scrollHeight / 300;
    const step = (now) => {
      if (last !== undefined) times.push(now - last);
      last = now;
      region.scrollTop -= pixels;
      if (times.length < 300) requestAnimationFrame(step);
      else resolve(times);
    };
    requestAnimationFrame(step);
  })`);
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
