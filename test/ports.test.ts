/** Ports of a real sandbox, through the real server and in a real browser. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { chromium, type Browser } from "playwright-core";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const on = { conversation: "c" };
const token = "a-token-of-the-test-0123456789";

/** A page whose script attacks the server that serves it and reports the results. */
const page = `<!doctype html><title>inside</title><p id=own>no script</p><p id=got>…</p><script src=app.js></script>`;
const script = (server: string) => `
document.getElementById("own").textContent = "script";
document.cookie = "mine=1";
const tries = [
  fetch("${server}/api/conversations"),
  fetch("${server}/api/conversations", { mode: "no-cors", credentials: "include" }).then((r) => { if (r.type !== "opaque" || r.status !== 0) throw 1; throw 2; }),
  new Promise((yes, no) => { const s = new WebSocket("${server.replace("http", "ws")}/ws"); s.onopen = yes; s.onerror = no; }),
  fetch("/api/conversations").then((r) => { if (!r.ok) throw 1; }),
];
Promise.allSettled(tries).then((all) => {
  const got = all.map((each) => each.status === "fulfilled").join();
  document.getElementById("got").textContent = got + " " + document.cookie;
});`;

async function inSandbox(server: ServerProcess, ...commands: string[]): Promise<void> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  for (const [at, command] of commands.entries()) {
    socket.send({ action: "run", args: { command }, ...on, command: String(at) });
    await socket.next((frame) => frame["ack"]?.command === String(at) || frame["error"] !== undefined);
  }
  socket.send({ subscribe: on });
  await socket.next(() => socket.frames.filter((frame) => frame["observation"] === "run").length === commands.length);
  socket.close();
}

async function listening(server: ServerProcess): Promise<{ port: number; path: string }> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    const answer = await fetch(`${server.url}/api/conversations/c/ports`);
    const [first] = ((await answer.json()) as { ports: { port: number; path: string }[] }).ports;
    if (first !== undefined) return first;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no port is open");
}

const launch = (): Promise<Browser> =>
  chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"],
  });

test("[I14] a server started by a command is listed, and reachable by path and on its own host", async () => {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  await inSandbox(server, "echo inside >file", "python3 -m http.server 8000 >/dev/null 2>&1 &");
  const { port, path } = await listening(server);
  assert.deepEqual([port, path], [8000, "/c/c/port/8000/"]);
  assert.equal(await (await fetch(`${server.url}${path}file`)).text(), "inside\n");
  const outgoing = request({
    port: server.port,
    path: "/file",
    headers: { Host: `8000--c.localhost:${server.port}` },
  }).end();
  const [answer] = await once(outgoing, "response");
  assert.equal(String((await once(answer, "data"))[0]), "inside\n");
  assert.equal((await fetch(`${server.url}/c/c/port/8001/`)).status, 502);
  await fetch(`${server.url}/api/conversations/c`, { method: "DELETE" });
  assert.equal((await fetch(`${server.url}${path}file`)).status, 404);
});

test("[I16] in a real browser, a port's page has its own origin: it runs, but cannot reach anything of ours", async () => {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo", DECKHAND_TOKEN: token } });
  await inSandbox(
    server,
    `cat >index.html <<'EOF'\n${page}\nEOF`,
    `cat >app.js <<'EOF'\n${script(server.url)}\nEOF`,
    "python3 -m http.server 8000 >/dev/null 2>&1 &",
  );
  await listening(server);
  const browser = await launch();
  try {
    const shown = await (await browser.newContext()).newPage();
    // Like a real user, with the token's cookie on our own origin.
    await shown.goto(`${server.url}/?token=${token}`);
    const made = await fetch(`${server.url}/api/conversations/c/ports/8000`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
    });
    const { url } = (await made.json()) as { url: string };
    await shown.goto(url);
    await shown.locator("#own", { hasText: /^script$/ }).waitFor();
    await shown.locator("#got", { hasText: "," }).waitFor();
    assert.equal(await shown.locator("#got").textContent(), "false,false,false,false mine=1");
    assert.equal(new URL(shown.url()).search, "", "the ticket was removed from the URL");

    // Opened by a click in the conversation.
    await shown.goto(`${server.url}/c/c`);
    const [tab] = await Promise.all([
      shown.waitForEvent("popup"),
      shown.getByRole("region", { name: "Preview" }).getByRole("button", { name: "Preview: port 8000" }).click(),
    ]);
    await tab.locator("#got", { hasText: "," }).waitFor();
    assert.equal(new URL(tab.url()).host, new URL(url).host);
    assert.equal(await tab.evaluate("window.opener"), null);

    await shown.goto(`${server.url}/c/c/port/8000/`);
    assert.equal(await shown.title(), "inside");
    assert.equal(await shown.evaluate("self.origin"), "null");
    assert.equal(await shown.locator("#own").textContent(), "no script");
  } finally {
    await browser.close();
  }
});

test("[I18] the UI names a refused host and can allow it for the conversation", async () => {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  await inSandbox(server, "curl -sS https://refused.example:8443/");
  const browser = await launch();
  try {
    const shown = await browser.newPage();
    await shown.goto(`${server.url}/c/c`);
    const refused = shown.getByRole("region", { name: "Blocked network access" });
    await refused.getByText("refused.example:8443").waitFor();
    await refused.getByRole("button", { name: "Allow for this conversation" }).click();
    await refused.waitFor({ state: "detached" });
    const { allowed } = (await (await fetch(`${server.url}/api/conversations/c/network`)).json()) as {
      allowed: string[];
    };
    assert.deepEqual(allowed, ["refused.example:8443"]);
  } finally {
    await browser.close();
  }
});
