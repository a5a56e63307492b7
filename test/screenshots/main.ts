/**
 * `npm run screenshots`: takes the pictures in docs/screens, with the real server, sandbox and UI, a small repository and a scripted
 * model.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { connect, type Client } from "@deckhand/client";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openPage, startBrowser } from "../kit/browser.ts";
import { ModelProcess } from "../kit/model-process.ts";
import { until } from "../kit/processes.ts";
import { ServerProcess } from "../kit/server-process.ts";
import * as story from "./story.ts";

const folder = join(import.meta.dirname, "../../docs/screens");
const waitMs = 60_000;

await mkdir(folder, { recursive: true });
await using stack = new AsyncDisposableStack();
const browser = await startBrowser();
stack.defer(() => browser.close());
await firstVisit(browser);
await atWork(browser);

/** The start page without a model. */
async function firstVisit(by: Browser): Promise<void> {
  await using server = await ServerProcess.start();
  await shoot(by, `${server.url}/`, "first-visit", {}, async (page) => {
    await page.getByLabel("Task", { exact: true }).waitFor();
    await page.getByText("Connected", { exact: true }).waitFor();
  });
}

async function atWork(by: Browser): Promise<void> {
  await using model = await ModelProcess.start([], {
    conversations: [
      { when: story.fixTask, replies: story.fix },
      { when: story.publishTask, replies: story.publish },
      { when: story.longTask, replies: story.long },
      { when: story.askTask, replies: story.ask },
    ],
  });
  await using server = await ServerProcess.start({
    env: { ...model.env, LLM_MODEL: "gpt-4.1", DECKHAND_CHECKPOINTS: "true" },
  });
  const client = connect({ url: server.url });
  using _ = { [Symbol.dispose]: () => client.close() };
  await story.writeShop(server.workspace);

  const fixed = await begin(client, story.fixTask, "finished");
  const asks = await begin(client, story.askTask, "awaiting_user_input");
  const works = await begin(client, story.longTask, "running");
  const waits = await begin(client, story.publishTask, "awaiting_user_confirmation", "always");
  await client.change(fixed, { pinned: true });
  const at = `${server.url}/c/${fixed}`;

  const finished = async (page: Page): Promise<void> => {
    await page.getByRole("log").getByText("two new tests cover it").waitFor();
    await page.getByRole("log").locator("code").getByText("discounted").last().waitFor();
  };
  const changes = async (page: Page): Promise<void> => {
    await finished(page);
    await page.getByRole("complementary", { name: "Work" }).getByText("sum + count, 0").waitFor();
  };
  await shoot(by, `${at}?tab=changes`, "conversation", {}, changes);
  await shoot(by, `${at}?tab=changes`, "conversation-dark", { colorScheme: "dark" }, changes);
  await shoot(by, `${at}?tab=terminal`, "terminal", { colorScheme: "dark" }, async (page) => {
    await page
      .getByRole("button", { name: /terminal/i })
      .first()
      .click();
    await page.locator(".xterm").waitFor();
    await page.locator(".xterm").click();
    await page.keyboard.type("ls && npm test | tail -n 9\n");
    await page.locator(".xterm").getByText("duration_ms").last().waitFor();
  });
  await shoot(by, `${at}?tab=files&at=12`, "time", {}, async (page) => {
    await page.getByRole("region", { name: "History" }).waitFor();
    await page
      .getByRole("region", { name: "Files at this point" })
      .getByRole("button", { name: /src\/cart\.js/ })
      .click();
    await page.getByRole("region", { name: "Files at this point" }).getByText("lines.length").waitFor();
  });
  await shoot(by, `${at}?tab=costs`, "costs", {}, finished);
  await shoot(by, `${server.url}/c/${waits}`, "approval", {}, async (page) => {
    await page.getByText("npm publish --access public").last().waitFor();
  });
  await shoot(by, `${server.url}/inbox`, "inbox", {}, async (page) => {
    await page.getByText("npm publish --access public").last().waitFor();
  });
  await shoot(by, `${server.url}/board`, "board", {}, async (page) => {
    await page.getByText(story.askTask).last().waitFor();
  });
  await shoot(by, `${server.url}/settings/models`, "settings", {}, async (page) => {
    await page.getByText("gpt-4.1").first().waitFor();
  });
  const phone = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
  await shoot(by, `${server.url}/c/${waits}`, "phone", phone, async (page) => {
    await page.getByText("npm publish --access public").last().waitFor();
  });
  for (const id of [works, waits, asks]) await client.send(id, "change_agent_state", { agent_state: "stopped" });
}

async function begin(client: Client, task: string, until_: string, approval?: "always"): Promise<string> {
  const { id } = await client.create({ task, settings: approval === undefined ? {} : { approval } });
  await until(async () => {
    const { conversations } = await client.list();
    return conversations.find((row) => row.id === id)?.agent_state === until_;
  }, waitMs).catch(async (cause: unknown) => {
    throw new Error(`"${task}" did not come to ${until_}: ${JSON.stringify(await client.list())}`, { cause });
  });
  return id;
}

async function shoot(
  by: Browser,
  url: string,
  name: string,
  options: BrowserContextOptions,
  ready: (page: Page) => Promise<void>,
): Promise<void> {
  const { page } = await openPage(by, url, { viewport: { width: 1440, height: 900 }, ...options });
  await ready(page);
  // Fade-ins have ended, and the pointer rests on nothing.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.mouse.move(0, 0);
  await page.evaluate("document.fonts.ready");
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
  await page.context().close();
  process.stdout.write(`docs/screens/${name}.png\n`);
}
