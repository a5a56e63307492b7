import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isAction, type AgentState, type Event } from "@deckhand/protocol";
import { arrayModel, call, text, type Reply } from "../../agent/array-model.test-kit.ts";
import type { ModelRequest } from "../../llm/model.ts";
import { openMcpServers } from "../../mcp/open-servers.ts";
import { hostPrograms } from "../../programs/program.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { Conversation } from "../conversation.ts";
import { testDeps } from "../deps.test-kit.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-server-tools-"));
after(() => rm(folder, { recursive: true, force: true }));
const child = join(import.meta.dirname, "../../mcp/echo-server.child.js");

test("[MC18] a changed tool list is adopted after a change of settings; images reach the model; a client can call a tool itself", async () => {
  await using parts = new AsyncDisposableStack();
  const store = parts.use(openSqliteStore(join(folder, "log.db")));
  const mcp = parts.use(
    openMcpServers({
      configured: () => ({
        good: { command: process.execPath, args: [child, "works"], tools: ["draw", "more", "extra"] },
      }),
      programs: hostPrograms({ home: folder, env: {}, path: "/usr/bin:/bin" }),
      home: folder,
      callback: async () => "",
      log: () => {},
    }),
  );
  const replies: Reply[] = [
    [call("good__draw", {}, "1"), call("good__more", {}, "2")],
    [call("good__extra", {}, "3")],
    [text("There.")],
    [text("And now.")],
  ];
  const requests: ModelRequest[] = [];
  const model = arrayModel((request) => {
    requests.push({ ...request, messages: [...request.messages] });
    return replies[requests.length - 1] ?? [text("No more.")];
  });
  const conversation = parts.use(await Conversation.open("c", testDeps(model, { store, mcp })));
  const until = async (state: AgentState): Promise<void> => {
    const stop = new AbortController();
    for await (const _ of conversation.follow(-1, stop.signal)) {
      if (conversation.state.agentState === state && conversation.state.queued.length === 0) stop.abort();
    }
  };
  const namesIn = (at: number): string[] =>
    (requests[at]?.tools ?? []).map(({ name }) => name).filter((name) => name.startsWith("good__"));

  await conversation.submit("start", { task: "go" });
  await until("awaiting_user_input");
  for (const at of [0, 1, 2]) assert.deepEqual(namesIn(at), ["good__draw", "good__more"]);
  const shown = requests[1]?.messages.find((message) => message.role === "user" && message.imageUrls.length > 0);
  assert.deepEqual(shown?.role === "user" && shown.imageUrls, ["data:image/png;base64,iVBORw0KGgo="]);
  const log = await store.read("c", -1, 1000);
  const refused = log.find((event) => !isAction(event) && event.observation === "error");
  assert.match(refused?.message ?? "", /good__extra is not registered/, "it was not offered that one");

  const asked = await conversation.submit("call_tool", { server: "good", name: "more" });
  const stop = new AbortController();
  for await (const event of conversation.follow(asked.id, stop.signal)) {
    if (isAction(event) || event.cause !== asked.id) continue;
    assert.deepEqual([event.observation, event.source], ["call_tool", "user"]);
    stop.abort();
  }

  await conversation.submit("initialize", {});
  await conversation.submit("message", { content: "again" });
  await until("awaiting_user_input");
  assert.deepEqual(namesIn(3), ["good__draw", "good__extra", "good__more"]);
  const toolLists = (await store.read("c", -1, 1000)).filter(
    (event: Event) => !isAction(event) && event.observation === "tools",
  );
  assert.equal(toolLists.length, 2);
});
