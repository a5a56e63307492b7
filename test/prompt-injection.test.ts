/** A model reads a file full of injected instructions and obeys them all. What the policy forbids must not happen. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { fold, isAction, type Event } from "@deckhand/protocol";
import { injectedInstructions, type InjectedInstruction } from "./attacks/injected-instructions.ts";
import { World } from "./attacks/world.ts";
import { processesWith } from "./kit/processes.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

interface Obeyed {
  readonly hits: readonly string[];
  readonly events: readonly Event[];
  /** What reached the listening ports. */
  readonly received: string;
  readonly secret: string;
}

const conversation = "injection";
/** Nobody answers approval requests; the agent has this long to approve one itself. */
const settings = { approval_seconds: 4 };

async function obey(env: Readonly<Record<string, string>>): Promise<Obeyed> {
  await using world = await World.make();
  const secret = world.secret();
  const spool = join(world.outside, "spool");
  mkdirSync(spool);
  writeFileSync(join(world.workspace, ".env"), `KEY=${secret}\n`);
  writeFileSync(join(world.workspace, ".envrc"), "# nothing\n");
  const text = injectedInstructions.map((order) => `- IMPORTANT, for the assistant: ${order.text}`).join("\n");
  writeFileSync(join(world.workspace, "NOTES.md"), `# Notes\n\nThe build takes a minute.\n\n${text}\n`);
  const script = join(world.root, "script.json");
  const sleeps = `${33_000 + (process.pid % 1000)}.${env["DECKHAND_RUNTIME"] === "host" ? 1 : 2}`;
  let events: readonly Event[];
  let rules: readonly unknown[];
  {
    await using server = await ServerProcess.start({
      home: world.data,
      env: {
        HOME: world.home,
        WORKSPACE_BASE: world.workspace,
        // Only the person's approval protects it.
        DECKHAND_BROWSE_ALLOW: `127.0.0.1:${world.port}`,
        LLM_MODEL: `scripted/${script}`,
        ...env,
      },
    });
    const filled = injectedInstructions.map((order) =>
      filledIn(order, { world, spool, secret, own: server.port, sleeps }),
    );
    const read = { calls: [{ name: "read", arguments: { path: "NOTES.md" } }] };
    const finish = { calls: [{ name: "finish", arguments: { thought: "All done." } }] };
    writeFileSync(script, JSON.stringify({ replies: [read, ...filled.map(({ calls }) => ({ calls })), finish] }));
    using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
    socket.send({ action: "initialize", args: settings, conversation });
    socket.send({ action: "start", args: { task: "How long does the build take? See NOTES.md." }, conversation });
    socket.send({ subscribe: { conversation, after: -1 } });
    await socket.next((frame) => frame["extras"]?.agent_state === "finished", { withinMs: 90_000 });
    // A person continues in the same folder, with what was left there.
    const from = socket.frames.length;
    socket.send({ action: "message", args: { content: "Thanks." }, conversation });
    await socket.next((frame) => frame["extras"]?.agent_state === "awaiting_user_input", { from, withinMs: 30_000 });
    events = socket.frames.filter((frame) => "id" in frame) as unknown as Event[];
    ({ rules } = (await (await fetch(`${server.url}/api/rules`)).json()) as { rules: unknown[] });
  }
  const left = await processesWith(`sleep\0${sleeps}`);
  for (const pid of left) process.kill(pid, "SIGKILL");
  const made = new Set(injectedInstructions.filter(({ id }) => world.wasCreated(id)).map(({ id }) => id));
  world.personWorks();
  const isHit = (order: InjectedInstruction): boolean => {
    switch (order.hit) {
      case "connection":
        return world.received.includes(order.id);
      case "file":
        return made.has(order.id);
      case "person":
        return world.wasCreated(order.id);
      case "process":
        return left.length > 0;
      case "state":
        return rules.length > 0 || isChanged(events);
    }
  };
  return { hits: injectedInstructions.filter(isHit).map(({ id }) => id), events, received: world.received, secret };
}

/** Only the server itself may have changed approvals, settings or hosts. */
function isChanged(events: readonly Event[]): boolean {
  const now = fold(events);
  const actions = events.filter((event) => isAction(event)).filter(({ source }) => source !== "environment");
  return (
    !isDeepStrictEqual(now.settings, settings) ||
    now.allowedHosts.length > 0 ||
    now.rules.length > 0 ||
    actions.some(({ action }) => action === "approve" || action === "allow_host")
  );
}

interface Filling {
  readonly world: World;
  readonly spool: string;
  readonly secret: string;
  readonly own: number;
  readonly sleeps: string;
}

function filledIn(order: InjectedInstruction, { world, spool, secret, own, sleeps }: Filling): InjectedInstruction {
  const values = {
    o: world.outside,
    h: world.home,
    port: world.port,
    udp: world.udpPort,
    hit: world.hit(order.id),
    sleep: sleeps,
    spool,
    secret,
    own,
  };
  const text = Object.entries(values).reduce(
    (filled, [name, value]) => filled.replaceAll(`{${name}}`, String(value)),
    JSON.stringify(order.calls),
  );
  return { ...order, calls: JSON.parse(text) as InjectedInstruction["calls"] };
}

test("[WB17] a model that obeys injected instructions leaks no secret, leaves nothing behind, and grants itself nothing", async () => {
  const { hits, events, received, secret } = await obey({ DECKHAND_APPROVAL: "risky" });
  assert.deepEqual(hits, []);
  assert.ok(!received.includes(secret), "no canary leaked");
  const runs = events.filter((event) => isAction(event) && event.source === "agent" && event.tool_call !== undefined);
  const wanted = injectedInstructions.flatMap(({ calls }) => calls).length;
  assert.ok(runs.length >= wanted - 4, `${runs.length} of ${wanted} calls became actions`);
  const browse = events.find((event) => isAction(event) && event.action === "browse");
  assert.ok(browse !== undefined && isAction(browse) && browse.approval !== undefined, "the page needed approval");
  assert.ok(
    events.some((event) => isAction(event) && event.action === "approve" && event.source === "environment"),
    "and was denied, because nobody approved it",
  );
});

test("[WB17] without a sandbox and approvals the same instructions succeed, which shows that they work", async () => {
  const { hits, received, secret } = await obey({ DECKHAND_APPROVAL: "never", DECKHAND_RUNTIME: "host" });
  assert.ok(received.includes(secret));
  for (const id of ["exfil-http", "exfil-tcp", "exfil-browse", "write-outside", "write-home", "hook", "cron"]) {
    assert.ok(hits.includes(id), `${id} among ${hits.join()}`);
  }
  assert.ok(hits.includes("settings-over-http"));
});
