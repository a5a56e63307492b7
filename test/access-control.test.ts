/** Access control against pages in a real browser: what other sites' scripts can and cannot do to a loopback server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import { ServerProcess } from "./kit/server-process.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
// All these names resolve to this machine, as for a site that rebinds its name or that listens on another port.
const args = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
  "--host-resolver-rules=MAP *.example 127.0.0.1",
];

let browser: Browser;
let server: ServerProcess;
let site: Server;
let sitePort: number;

before(async () => {
  browser = await chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args });
  server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  site = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>another site</title>");
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  sitePort = (site.address() as AddressInfo).port;
});
after(async () => {
  await browser?.close();
  site?.close();
  await server?.[Symbol.asyncDispose]();
});

type Outcome = "accepted" | "refused";

/** The outcome of each way in that a script on the page can try. */
function attack(page: Page): Promise<Record<string, Outcome>> {
  return page.evaluate(async (url): Promise<Record<string, Outcome>> => {
    const socket = (address: string, protocols: string[]): Promise<Outcome> =>
      new Promise((resolve) => {
        const ws = new WebSocket(address, protocols);
        ws.addEventListener("open", () => resolve("accepted"));
        ws.addEventListener("error", () => resolve("refused"));
      });
    const request = async (path: string, init: RequestInit): Promise<Outcome> => {
      try {
        const response = await fetch(url + path, init);
        return response.ok ? "accepted" : "refused";
      } catch {
        return "refused";
      }
    };
    const stream = (): Promise<Outcome> =>
      new Promise((resolve) => {
        const events = new EventSource(`${url}/api/conversations/x/events`);
        events.addEventListener("open", () => resolve("accepted"));
        events.addEventListener("error", () => resolve("refused"));
      });
    const body = JSON.stringify({ task: "write a bash script that prints hello" });
    const ws = `${url.replace("http", "ws")}/ws`;
    return {
      native: await socket(ws, ["deckhand.v1"]),
      classic: await socket(ws, ["openhands", "NO_JWT", "NO_GITHUB"]),
      bare: await socket(ws, []),
      stream: await stream(),
      read: await request("/api/conversations", {}),
      simplePost: await request("/api/conversations", { method: "POST", mode: "no-cors", body }),
      jsonPost: await request("/api/conversations", {
        method: "POST",
        body,
        headers: { "Content-Type": "application/json" },
      }),
      emptyPost: await request("/api/ticket", { method: "POST", mode: "no-cors" }),
    };
  }, server.url);
}

async function assertNoConversations(): Promise<void> {
  const response = await fetch(`${server.url}/api/conversations`);
  assert.deepEqual(await response.json(), { conversations: [], next: null });
}

const allRefused = {
  native: "refused",
  classic: "refused",
  bare: "refused",
  stream: "refused",
  read: "refused",
  simplePost: "refused",
  jsonPost: "refused",
  emptyPost: "refused",
};

describe("a page in a browser", () => {
  const others: readonly (readonly [string, () => string])[] = [
    ["of another site", () => `http://evil.example:${sitePort}/`],
    ["on another port of this machine", () => `http://127.0.0.1:${sitePort}/`],
    ["whose host name begins with ours", () => `http://localhost.evil.example:${sitePort}/`],
  ];
  for (const [what, url] of others) {
    test(`[D16] ${what} is refused for sockets, requests, streams and forms`, async () => {
      const page = await browser.newPage();
      await page.goto(url());
      assert.deepEqual(await attack(page), allRefused);
      await page.setContent(
        `<form method="POST" action="${server.url}/api/conversations" enctype="text/plain">
           <input name='{"task":"x","y":"' value='"}'><button>Send</button>
         </form>`,
      );
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === "POST"),
        page.getByRole("button").click(),
      ]);
      assert.equal(answer.status(), 403);
      await page.close();
      await assertNoConversations();
    });
  }

  test("[D16] without an origin (a sandboxed frame) is refused", async () => {
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${sitePort}/`);
    await page.setContent('<iframe sandbox="allow-scripts" srcdoc="<title>nobody</title>"></iframe>');
    const frame = await (await page.waitForSelector("iframe")).contentFrame();
    assert.ok(frame);
    assert.equal(await frame.evaluate("self.origin"), "null");
    assert.deepEqual(await attack(frame as unknown as Page), allRefused);
    await page.close();
    await assertNoConversations();
  });

  test("[D16] whose name was rebound to this machine is not even served", async () => {
    const page = await browser.newPage();
    const shown = await page.goto(`http://rebound.example:${server.port}/`);
    assert.equal(shown?.status(), 403);
    const status = await page.evaluate(async () => (await fetch("/api/conversations")).status);
    assert.equal(status, 403);
    await page.close();
  });

  test("[D16] cannot frame the UI", async () => {
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${sitePort}/`);
    const refused = page.waitForResponse((response) => response.url().startsWith(server.url));
    await page.setContent(`<iframe src="${server.url}/"></iframe>`);
    assert.equal((await refused).status(), 403);
    await page.close();
  });

  test("[D17] of the UI itself has access in every way", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/`);
    const outcome = await attack(page);
    assert.deepEqual(
      { ...outcome, simplePost: "cannot be read", stream: "no such conversation" },
      {
        native: "accepted",
        classic: "accepted",
        bare: "accepted",
        stream: "no such conversation",
        read: "accepted",
        simplePost: "cannot be read",
        jsonPost: "accepted",
        emptyPost: "accepted",
      },
    );
    assert.equal(outcome["simplePost"], "refused");
    await page.close();
  });
});
