/** Two subagents in the UI while they are running. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openPage, startBrowser } from "./kit/browser.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { ServerProcess } from "./kit/server-process.ts";

const call = (name: string, args: object): NonNullable<ScriptReply["calls"]>[number] => ({ name, arguments: args });
/** Runs until a file exists and prints continuously: late subscribers receive output from then on. */
const child = (name: string): ScriptReply[] => [
  { calls: [call("run", { command: `until [ -e go ]; do echo ${name} works; sleep 0.3; done` })] },
  { calls: [call("finish", { thought: `${name} is done.` })] },
];
const conversations = [
  { when: "ALPHA", replies: child("alpha") },
  { when: "BETA", replies: child("beta") },
  {
    when: "two at once",
    replies: [
      {
        calls: ["ALPHA", "BETA"].map((name) => call("delegate", { agent: "tester", task: `${name}: work` })),
      },
      { text: "Both are back." },
    ],
  },
];

test("[UJ4] two running subagents appear below their parent in the list, in its conversation and on their own pages", async () => {
  await using model = await ModelProcess.start([], { conversations });
  await using server = await ServerProcess.start({ env: { ...model.env, DECKHAND_APPROVAL: "never" } });
  const browser = await startBrowser();
  await using atEnd = new AsyncDisposableStack();
  atEnd.defer(() => browser.close());
  const { page, complaints } = await openPage(browser, server.url);
  await page.getByLabel("Task", { exact: true }).fill("two at once");
  await page.keyboard.press("Enter");
  const log = page.getByRole("log");
  const cards = log.getByRole("link", { name: /^Open/ });
  await cards.nth(1).waitFor();
  const parent = page.url();

  const list = page.getByRole("navigation", { name: "Conversations" });
  await list.getByText("BETA: work").waitFor();
  const rows = await list.getByRole("listitem").allInnerTexts();
  const names = rows.map((text) => /^(two at once|ALPHA: work|BETA: work)/.exec(text)?.[0]);
  assert.equal(names[0], "two at once");
  assert.deepEqual(new Set(names.slice(1)), new Set(["ALPHA: work", "BETA: work"]));

  for (const [at, name] of ["alpha", "beta"].entries()) {
    await cards.nth(at).click();
    await page
      .getByLabel("Output so far")
      .filter({ hasText: `${name} works` })
      .waitFor();
    assert.notEqual(page.url(), parent);
    await page.goBack();
    await cards.nth(1).waitFor();
  }
  assert.equal(await log.getByText("Both are back.").count(), 0);
  await page.evaluate("window.isKept = true");
  await writeFile(join(server.workspace, "go"), "");
  await log.getByText("Both are back.").waitFor();
  await page.getByRole("status").filter({ hasText: "Running" }).waitFor({ state: "detached" });
  for (const words of ["alpha is done.", "beta is done."]) await log.getByText(words).first().waitFor();
  assert.equal(await page.evaluate("window.isKept"), true);
  assert.deepEqual(complaints, []);
});
