import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rawRequest, requestText, cannedModel, startTestServer, upgradeHeaders } from "../../http/server.test-kit.ts";
import { connectClient, type Frame } from "../client.test-kit.ts";

const newerProtocols = (token = "NO_JWT"): string[] => ["openhands", token, "NO_GITHUB"];
const isState = (state: string) => (frame: Frame) => frame["extras"]?.agent_state === state;
const kindOf = (frame: Frame): string =>
  String(frame["action"] ?? frame["extras"]?.agent_state ?? frame["observation"]);

describe("a classic socket", () => {
  test("[W31] gets a token first, without subprotocols and with three", async () => {
    await using server = await startTestServer();
    await using older = await connectClient(`${server.url}/ws`);
    await using client = await connectClient(`${server.url}/ws`, { protocols: newerProtocols() });
    assert.equal(older.ws.protocol, "");
    assert.equal(client.ws.protocol, "openhands");
    for (const each of [older, client]) {
      const { token, status } = await each.next(() => true);
      assert.equal(status, "ok");
      const [header = "", payload = ""] = token.split(".");
      assert.deepEqual(JSON.parse(atob(header)), { alg: "HS256", typ: "JWT" });
      const { sid, ...rest } = JSON.parse(atob(payload));
      assert.match(sid, /^[0-9a-f-]{36}$/);
      assert.deepEqual(rest, {});
    }
  });

  test("[W32] with one or two subprotocols is refused before 101; spaces between them are optional", async () => {
    await using server = await startTestServer();
    const status = async (protocols: string): Promise<number> => {
      const headers = [
        ["Host", `127.0.0.1:${server.port}`],
        ["Sec-WebSocket-Protocol", protocols],
        ...upgradeHeaders,
      ] as const;
      return (await rawRequest(server.port, requestText("GET", "/ws", headers))).status;
    };
    assert.equal(await status("openhands"), 403);
    assert.equal(await status("openhands, NO_JWT"), 403);
    assert.equal(await status("openhands,NO_JWT,NO_GITHUB"), 101);
    assert.equal(await status("openhands, NO_JWT, NO_GITHUB"), 101);
  });

  test("[W33] with an invalid token, in the query or the subprotocols, gets an error and is closed", async () => {
    await using server = await startTestServer();
    const [h, p] = ["eyJhbGciOiJub25lIn0", "eyJzaWQiOiJ4In0"];
    for (const token of ["abc", "abc.def.ghi", `${h}.${p}.`]) {
      await using older = await connectClient(`${server.url}/ws?token=${token}`);
      assert.deepEqual(await older.next(() => true), { error: "Invalid token", error_code: 401 });
      assert.equal(await older.closed, 1000);
    }
    await using client = await connectClient(`${server.url}/ws`, { protocols: newerProtocols("abc.def.ghi") });
    assert.deepEqual(await client.next(() => true), { error: "Invalid token", error_code: 401 });
    assert.equal(await client.closed, 1000);
    assert.equal(client.frames.length, 1);
  });

  test("[W34] that begins with `start` is initialized by it, and its task runs to completion", async () => {
    await using server = await startTestServer({ model: cannedModel([[{ type: "text", text: "Hello." }]]) });
    await using client = await connectClient(`${server.url}/ws`);
    client.send({ action: "start", args: { task: "say hello" } });
    await client.next(isState("awaiting_user_input"));
    const events = client.frames.filter((frame) => "id" in frame);
    assert.deepEqual(events.map(kindOf), ["loading", "init", "running", "message", "awaiting_user_input"]);
    assert.equal(events[3]?.["args"].content, "Hello.");
    const ids = events.map((frame) => frame["id"]);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
  });

  test("[W35] that reconnects with its token gets existing events, or only those after `latest_event_id`", async () => {
    await using server = await startTestServer();
    let token = "";
    let last = 0;
    {
      await using client = await connectClient(`${server.url}/ws`);
      token = (await client.next(() => true))["token"];
      client.send({ action: "start", args: { task: "say hello" } });
      last = (await client.next(isState("awaiting_user_input")))["id"];
    }
    const replayed = async (url: string, protocols: string[]): Promise<string[]> => {
      await using client = await connectClient(`${server.url}${url}`, { protocols });
      assert.deepEqual(await client.next(() => true), { token, status: "ok" });
      client.send({ action: "initialize", args: {} });
      await client.next(isState("init"));
      await client.next(isState("awaiting_user_input"));
      const frames = client.frames.filter((frame) => "id" in frame && !("status_update" in frame));
      return frames.map(kindOf);
    };
    const states = ["loading", "init", "awaiting_user_input"];
    assert.deepEqual(await replayed(`/ws?token=${token}`, []), ["message", "message", ...states]);
    assert.deepEqual(await replayed("/ws", newerProtocols(token)), ["message", "message", ...states]);
    assert.deepEqual(await replayed(`/ws?latest_event_id=undefined`, newerProtocols(token)), [
      "message",
      "message",
      ...states,
    ]);
    assert.deepEqual(await replayed(`/ws?latest_event_id=${last}`, newerProtocols(token)), states);
    assert.deepEqual(await replayed(`/ws?latest_event_id=${last + 1000}`, newerProtocols(token)), states);
  });

  test("[W36] leaves a gap after the token and after an error, so that the web UI sees each", async () => {
    await using server = await startTestServer();
    const began = performance.now();
    await using client = await connectClient(`${server.url}/ws`);
    client.sendText("x");
    client.sendText("y");
    client.send({ action: "initialize", args: {} });
    await client.next(isState("loading"));
    // Three gaps of 25 ms, each from when the previous frame was sent; a timer may fire slightly early.
    assert.ok(performance.now() - began > 70);
    assert.deepEqual(
      client.frames.slice(0, 3).map((frame) => ("token" in frame ? "token" : frame["message"])),
      ["token", "Invalid JSON", "Invalid JSON"],
    );
  });

  test("[W37] accepts the oldest names: pause, resume, stop, and renamed arguments", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`);
    client.send({ action: "initialize", args: { model: "", directory: "", agent_cls: "CodeActAgent" } });
    await client.next(isState("init"));
    client.send({ action: "pause" });
    await client.next(isState("paused"));
    client.send({ action: "stop", args: {} });
    await client.next(isState("stopped"));
    client.send({
      action: "message",
      args: { content: "hi", images_urls: [], timestamp: "2024-11-26T10:00:05.000Z", wait_for_response: false },
    });
    await client.next(isState("awaiting_user_input"));
    const [{ id } = { id: "" }] = await server.conversations.list({ limit: 1 });
    const log = await (await server.conversations.open(id)).read(-1, 100);
    const message = log.find((event) => "action" in event && event.action === "message" && event.source === "user");
    assert.deepEqual(message !== undefined && "args" in message && message.args, {
      content: "hi",
      image_urls: [],
      wait_for_response: false,
    });
  });

  test("[W38] ends its conversation with finish or reject, which are not echoed", async () => {
    await using server = await startTestServer();
    for (const [kind, state] of [
      ["finish", "finished"],
      ["reject", "rejected"],
    ] as const) {
      await using client = await connectClient(`${server.url}/ws`, { protocols: newerProtocols() });
      client.send({ action: "initialize" });
      client.send({ action: kind });
      await client.next(isState(state));
      assert.ok(!client.frames.some((frame) => "action" in frame));
    }
  });
});
