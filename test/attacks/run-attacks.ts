/** A scripted model carries out every attack through a real server. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliProcess } from "../kit/cli-process.ts";
import { processesWith } from "../kit/processes.ts";
import { RawSocket, type Frame } from "../kit/raw-socket.ts";
import { ServerProcess } from "../kit/server-process.ts";
import type { Attack } from "./attack.ts";
import { World } from "./world.ts";

export interface AttackResult {
  /** Ids of the attacks that succeeded. */
  readonly hits: readonly string[];
  /** The output of each, to explain a result. */
  readonly outputs: ReadonlyMap<string, string>;
}

const callsOfReply = 20;

export async function runAttacks(attacks: readonly Attack[], runtime: "bubblewrap" | "host"): Promise<AttackResult> {
  await using world = await World.make();
  const script = join(world.root, "script.json");
  const sleeps = new Map(attacks.map(({ id }, at) => [id, `${32_000 + at}.${process.pid}`]));
  let outputs: ReadonlyMap<string, string>;
  let shown: string;
  {
    await using server = await ServerProcess.start({
      home: world.data,
      env: {
        HOME: world.home,
        WORKSPACE_BASE: world.workspace,
        DECKHAND_RUNTIME: runtime,
        DECKHAND_APPROVAL: "never",
        LLM_MODEL: `scripted/${script}`,
        LLM_API_KEY: world.secret(),
        DECKHAND_TOKEN: world.secret(),
      },
    });
    outputs = await obey(server, script, filledIn(attacks, world, server, sleeps));
    // It is stopped once it has printed the log.
    const cli = new CliProcess(["attach", "--url", server.url, "attacks"], { input: "" });
    await cli.prints("All is done.");
    shown = cli.stdout;
    cli.signal("SIGTERM");
    await cli.end();
    await server.end();
  }
  const left = await survivors(sleeps);
  const before = new Set(attacks.filter(({ id }) => world.wasCreated(id)).map(({ id }) => id));
  world.personWorks();
  // attach prints no colours without a terminal, so escape characters come from a command.
  const escapes = shown
    .split("\n")
    .filter((line) => ["\u001B", "\u009B", "\u0007"].some((each) => line.includes(each)));
  const isHit = ({ id, hit }: Attack): boolean => {
    switch (hit) {
      case "secret":
        return /CANARY-\w/.test(outputs.get(id) ?? "");
      case "file":
        return before.has(id);
      case "person":
        return world.wasCreated(id);
      case "connection":
        return new RegExp(`${id}(?![\\w-])`).test(world.received);
      case "terminal":
        return escapes.some((line) => line.includes(id));
      case "process":
        return left.has(id);
    }
  };
  return { hits: attacks.filter(isHit).map(({ id }) => id), outputs };
}

function filledIn(
  attacks: readonly Attack[],
  world: World,
  server: ServerProcess,
  sleeps: ReadonlyMap<string, string>,
): Attack[] {
  const values = {
    o: world.outside,
    h: world.home,
    d: world.data,
    ws: world.workspace,
    pid: server.pid,
    own: server.port,
    port: world.port,
    udp: world.udpPort,
    sock: world.socket,
    abs: world.abstract,
  };
  return attacks.map((attack) => {
    const own = { ...values, hit: world.hit(attack.id), sleep: sleeps.get(attack.id) };
    const text = Object.entries(own).reduce(
      (args, [name, value]) => args.replaceAll(`{${name}}`, String(value)),
      JSON.stringify(attack.args),
    );
    return { ...attack, args: JSON.parse(text) as Attack["args"] };
  });
}

/** The observation of each attack, by its id. */
async function obey(
  server: ServerProcess,
  script: string,
  attacks: readonly Attack[],
): Promise<ReadonlyMap<string, string>> {
  const replies = [];
  for (let at = 0; at < attacks.length; at += callsOfReply) {
    const calls = attacks.slice(at, at + callsOfReply).map(({ tool, args }) => ({ name: tool, arguments: args }));
    replies.push({ calls });
  }
  replies.push({ calls: [{ name: "finish", arguments: { thought: "All is done." } }] });
  writeFileSync(script, JSON.stringify({ replies }));
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "obey" }, conversation: "attacks" });
  socket.send({ subscribe: { conversation: "attacks", after: -1 } });
  await socket.next((frame) => frame["extras"]?.agent_state === "finished", { withinMs: 180_000 });
  const events = socket.frames.filter((frame) => "id" in frame);
  const tools = new Set(attacks.map(({ tool }) => tool as string));
  const actions = events.filter((event) => tools.has(String(event["action"])));
  return new Map(
    attacks.map(({ id }, at) => {
      const cause = actions[at]?.["id"];
      const came = events.find((event: Frame) => "observation" in event && event["cause"] === cause);
      return [id, JSON.stringify([came?.["content"], came?.["extras"] === undefined ? "" : came["observation"]])];
    }),
  );
}

/** Ids of attacks whose process outlives the server. Ends these processes. */
async function survivors(sleeps: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
  const left = new Set<string>();
  for (const [id, seconds] of sleeps) {
    for (const pid of await processesWith(`\0${seconds}`)) {
      left.add(id);
      process.kill(pid, "SIGKILL");
    }
  }
  return left;
}
