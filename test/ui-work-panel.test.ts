/** The work panel in a real browser: terminals, changes, files and running apps, on a real server with its sandbox. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./kit/browser.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

/** A folder for screenshots of each tab, for review. */
const screenshots = process.env["DECKHAND_PICTURES"];

const call = (name: string, args: object): NonNullable<ScriptReply["calls"]>[number] => ({ name, arguments: args });
const before1 = "export function total(prices) {\n  let sum = 0;\n  return sum;\n}\n";
const app = `<!doctype html><title>app</title><p id=n>0</p><button onclick="n.textContent=+n.textContent+1">Add</button>`;
const tasks: readonly { readonly when: string; readonly replies: readonly ScriptReply[] }[] = [
  {
    when: "change",
    replies: [
      {
        calls: [
          call("plan", { tasks: [{ title: "Change the total", status: "in_progress" }] }),
          call("edit", { path: "total.js", old_str: "let sum = 0;", new_str: "let sum = prices.length;" }),
          call("run", { command: "mv old.txt new.txt; head -c 2000 /dev/zero >zeros.bin" }),
        ],
      },
      { text: "Changed." },
    ],
  },
  {
    when: "serve",
    replies: [
      {
        calls: [
          call("write", { path: "app/index.html", content: app }),
          call("run", { command: "cd app && python3 -m http.server 8231", background: true }),
        ],
      },
      { text: "Served." },
    ],
  },
];

let browser: Browser;
let model: ModelProcess;
let server: ServerProcess;
let folders: string;
before(async () => {
  folders = await mkdtemp(join(tmpdir(), "deckhand-work-"));
  [browser, model] = await Promise.all([startBrowser(), ModelProcess.start([], { conversations: tasks })]);
  server = await ServerProcess.start({ env: { ...model.env, DECKHAND_CHECKPOINTS: "true" } });
});
after(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  await rm(folders, { recursive: true, force: true });
});

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
}

async function open(path: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  // Frames of apps have separate storage, and initially none.
  const wide = `localStorage.setItem("deckhand.preferences", '{"workOpen":true,"workWidth":760}')`;
  await page.addInitScript(`if (location.hostname === "127.0.0.1") ${wide}`);
  await page.goto(`${server.url}${path}`);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** A conversation in a separate folder with these files. */
async function begin(id: string, files: Readonly<Record<string, string>>, task?: string): Promise<string> {
  const folder = join(folders, id);
  await mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content);
  const client = connect({ url: server.url });
  try {
    await client.create({ id, settings: { workspace: { folder } } });
    if (task !== undefined) {
      await client.send(id, "message", { content: task });
      for await (const item of client.follow(id)) {
        if (item.type === "event" && "observation" in item.event && item.event.observation === "agent_state_changed") {
          if (item.event.extras.agent_state === "awaiting_user_input") break;
        }
      }
    }
  } finally {
    client.close();
  }
  return folder;
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** Asserts that axe finds nothing serious, in light and in dark. */
async function checkAccessibility(page: Page, name: string): Promise<void> {
  await page.evaluate(axe.source);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}.png`) });
    const found = await page.evaluate<readonly Violation[]>(
      "axe.run('aside', { resultTypes: ['violations'], iframes: false }).then(({ violations }) => violations)",
    );
    const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(
      serious.map(({ id, nodes }) => `${name}, ${colorScheme}: ${id} ${nodes[0]?.html}`),
      [],
    );
  }
  await page.emulateMedia({ colorScheme: "light" });
}

test("[UW7] changes are shown per file, also side by side, and update automatically", async () => {
  const folder = await begin("changes", { "total.js": before1, "old.txt": "a\nb\nc\nd\n" }, "change");
  await using opened = await open("/c/changes?tab=changes");
  const { page, complaints } = opened;
  const changes = page.getByRole("region", { name: "Changes", exact: true });
  await changes.getByRole("table", { name: "Changes in total.js" }).waitFor();
  assert.match(await changes.innerText(), /new\.txt ← old\.txt/);
  assert.match(await changes.innerText(), /zeros\.bin[^]*Binary file not shown/);
  const table = changes.getByRole("table", { name: "Changes in total.js" });
  assert.match(await table.innerText(), /-\s*Deleted:\s+let sum = 0;[^]*\+\s*Added:\s+let sum = prices\.length;/);
  await page.getByRole("button", { name: "Side by side" }).click();
  await table.locator("tr", { hasText: "let sum = 0;" }).filter({ hasText: "let sum = prices.length;" }).waitFor();
  await checkAccessibility(page, "changes");

  await writeFile(join(folder, "later.txt"), "later\n");
  const client = connect({ url: server.url });
  await client.files.write("changes", "by-me.txt", "mine\n");
  client.close();
  await changes
    .getByRole("button", { name: /by-me\.txt/ })
    .first()
    .waitFor();
  await changes.getByRole("button", { name: "Open total.js" }).click();
  await page.getByRole("region", { name: "total.js" }).getByText("prices.length").waitFor();
  await page.getByRole("tab", { name: "Plan" }).click();
  await page.getByText("Change the total").waitFor();
  await checkAccessibility(page, "plan");
  assert.deepEqual(complaints, [], "no violations of the content security policy");
});

test("[UW8] files are uploaded, edited, saved, downloaded, created, found by content and downloaded as a zip", async () => {
  const folder = await begin("files", { "total.js": before1 });
  await using opened = await open("/c/files?tab=files");
  const { page, complaints } = opened;
  const files = page.getByRole("region", { name: "Files" });
  await files.getByLabel("Upload").setInputFiles([
    { name: "notes.md", mimeType: "text/markdown", buffer: Buffer.from("# Notes\n") },
    {
      name: "picture.svg",
      mimeType: "image/svg+xml",
      buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
    },
  ]);
  await files.getByRole("treeitem", { name: /notes\.md/ }).click();
  const shown = page.getByRole("region", { name: "notes.md" });
  const editor = shown.getByRole("textbox", { name: "notes.md" });
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("- typed");
  await shown.getByText("Unsaved changes").waitFor();
  await page.keyboard.press("Control+s");
  await shown.getByText("Saved", { exact: true }).waitFor();
  assert.equal(await readFile(join(folder, "notes.md"), "utf8"), "# Notes\n- typed");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    shown.getByRole("link", { name: "Download notes.md" }).click(),
  ]);
  assert.equal(String(await buffer(await download.createReadStream())), "# Notes\n- typed");
  await checkAccessibility(page, "files");

  await files.getByRole("button", { name: "New file" }).click();
  await page.getByLabel("Path").fill("src/deep/new.py");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "src/deep/new.py" }).getByRole("textbox").click();
  await page.keyboard.type("print('needle')");
  await page.keyboard.press("Control+s");
  await until(async () => (await readFile(join(folder, "src/deep/new.py"), "utf8")) === "print('needle')", 5000);
  await files.getByLabel("Search files").fill("needle");
  await files.getByText("No results").waitFor();
  await files.getByRole("button", { name: "In content" }).click();
  await files.getByRole("button", { name: /src\/deep\/new\.py:1/ }).waitFor();
  await files.getByLabel("Search files").fill("");
  await files.getByRole("treeitem", { name: /picture\.svg/ }).click();
  await page.getByRole("button", { name: "View as image" }).click();
  await page.getByRole("img", { name: "picture.svg" }).waitFor();
  const [zip] = await Promise.all([
    page.waitForEvent("download"),
    files.getByRole("link", { name: "Download as zip" }).click(),
  ]);
  assert.equal(String((await buffer(await zip.createReadStream())).subarray(0, 2)), "PK");
  assert.deepEqual(complaints, []);
});

test("[UW15] a browser that reports to be offline still shows data of a server on the same machine", async () => {
  await begin("offline", { "here.txt": "here" });
  await using opened = await open("/c/offline?tab=sandbox");
  const { page } = opened;
  await page.getByRole("tab", { name: "Files" }).waitFor();
  await page.evaluate("window.dispatchEvent(new Event('offline'))");
  await page.getByRole("tab", { name: "Files" }).click();
  await page
    .getByRole("region", { name: "Files" })
    .getByRole("treeitem", { name: /here\.txt/ })
    .waitFor();
});

test("[UW8] a save over a newer version on disk is refused; it can be compared, used or overwritten", async () => {
  const folder = await begin("collide", { "a.txt": "one\n" });
  await using opened = await open("/c/collide?tab=files&file=a.txt");
  const { page, complaints } = opened;
  const shown = page.getByRole("region", { name: "a.txt" });
  const editor = shown.getByRole("textbox", { name: "a.txt" });
  const alert = shown.getByRole("alert");
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("mine");
  await writeFile(join(folder, "a.txt"), "one\ntheirs\n");
  await page.keyboard.press("Control+s");
  await alert.getByText("This file changed on disk.").waitFor();
  assert.equal(await readFile(join(folder, "a.txt"), "utf8"), "one\ntheirs\n");
  await alert.getByRole("button", { name: "Compare" }).click();
  await shown.locator(".cm-deletedChunk", { hasText: "theirs" }).waitFor();
  await checkAccessibility(page, "collision");
  await alert.getByRole("button", { name: "Overwrite" }).click();
  await shown.getByText("Saved", { exact: true }).waitFor();
  assert.equal(await readFile(join(folder, "a.txt"), "utf8"), "one\nmine");

  await editor.click();
  await page.keyboard.type("more ");
  const client = connect({ url: server.url });
  // Also if the test fails: a client that reconnects would keep the process alive.
  using _ = { [Symbol.dispose]: () => client.close() };
  await client.files.write("collide", "a.txt", "theirs again\n");
  await alert.getByRole("button", { name: "Use disk version" }).click();
  await until(async () => (await editor.innerText()).trim() === "theirs again", 5000);
  // Without unsaved changes the new version is loaded automatically.
  await client.files.write("collide", "a.txt", "and again\n");
  await until(async () => (await editor.innerText()).trim() === "and again", 5000);
  // The browser logs the refused save (409).
  assert.deepEqual(
    complaints.filter((text) => !text.includes("409")),
    [],
  );
});

test("[UW12] a terminal is shared between browsers, survives a reload and stays until it is closed", async () => {
  await begin("shared", {});
  await using first = await open("/c/shared?tab=terminal");
  await first.page.getByRole("button", { name: "New terminal" }).click();
  const screen = (page: Page) => page.getByRole("group", { name: "Terminal 1" });
  await screen(first.page).getByText("$", { exact: true }).waitFor();
  await first.page.keyboard.type("printf '\\e[38;2;200;10;10mred\\e[0m %s\\n' $((6 * 7))-is\n");
  await screen(first.page).getByText("red 42-is").waitFor();
  const red = screen(first.page).locator("span", { hasText: /^red$/ });
  // The format shows that a script set the style, not markup.
  assert.equal(await red.getAttribute("style"), "color: rgb(200, 10, 10);");

  await using second = await open("/c/shared?tab=terminal");
  await screen(second.page).getByText("red 42-is").waitFor();
  await first.page.getByText("2 viewers").waitFor();
  await screen(second.page).click();
  await second.page.keyboard.type("echo from-the-second\n");
  await screen(first.page).getByText("from-the-second", { exact: true }).waitFor();
  await checkAccessibility(first.page, "terminal");
  await first.page.reload();
  await screen(first.page).getByText("from-the-second", { exact: true }).waitFor();
  // A cursor query of a program gets one answer, not one per viewer.
  await screen(second.page).click();
  await second.page.keyboard.type(
    "IFS= read -rsd R -p $'\\e[6n' at; printf 'answer:%q\\n' \"$at\"; read -t 0.5 -n 1 more; echo \"more:$more.\"\n",
  );
  await screen(first.page).getByText("more:.").waitFor();
  await screen(second.page).press("Shift+Escape");
  assert.equal(await second.page.evaluate("document.activeElement.ariaLabel"), "New terminal");
  await second.page.getByRole("button", { name: "Close terminal 1" }).click();
  for (const { page } of [first, second]) await page.getByText("No open terminals").waitFor();
  for (const { complaints } of [first, second]) assert.deepEqual(complaints, []);
});

test("[UW11] a running app is previewed in a frame with a separate origin that cannot navigate the UI, and no other frame is allowed", async () => {
  await begin("app", {}, "serve");
  await using opened = await open("/c/app?tab=ports");
  const { page, complaints } = opened;
  const frame = page.frameLocator("iframe[title='App on port 8231']");
  await frame.getByRole("button", { name: "Add" }).click();
  await frame.getByText("1", { exact: true }).waitFor();
  const inside = page.frames().find((each) => each.url().includes("8231--app"));
  assert.match(inside?.url() ?? "", /^http:\/\/8231--app\.localhost:\d+\/$/);
  assert.equal(
    await inside?.evaluate("(() => { try { return top.document.title; } catch { return 'closed'; } })()"),
    "closed",
  );
  await inside?.evaluate("top.location = 'about:blank'").catch(() => {});
  assert.match(page.url(), /\/c\/app/);
  await checkAccessibility(page, "ports");
  assert.deepEqual(
    complaints.filter((text) => !/404|Unsafe attempt|sandbox|navigat/i.test(text)),
    [],
  );

  const blocked = page.waitForEvent("console", (message) => /frame-src/.test(message.text()));
  await page.evaluate(
    "document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://other.example/' }))",
  );
  await blocked;
  await page.getByRole("tab", { name: "Costs" }).click();
  await page.getByRole("img", { name: /over 2 steps/ }).waitFor();
  await checkAccessibility(page, "costs");
  await page.getByRole("tab", { name: "Sandbox" }).click();
  await page.getByText(/passed all \d+ escape checks/).waitFor();
  await page.getByRole("button", { name: /Check process/ }).click();
  await page.getByLabel(/Output of process j\d+/).waitFor();
  await checkAccessibility(page, "sandbox");
  await page
    .getByRole("region", { name: "Background processes" })
    .getByRole("button", { name: /Stop process/ })
    .click();
  await page.getByText("No background processes").waitFor();
});
