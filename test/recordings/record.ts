/**
 * Records the scenes anew: `npm run record`, or `npm run record -- NAME…`. Each is played on a real server, in its sandbox,
 * and its log is exported to `test/recordings/NAME.jsonl`. To be done when a difference that the replays show is meant.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RawSocket } from "../kit/raw-socket.ts";
import { ServerProcess } from "../kit/server-process.ts";
import { startModelInTurn } from "./model-in-turn.ts";
import { scenes, type Scene } from "./scenes.ts";

/** Where the recorded server's folder is in the log, so that no machine's paths stand in it. */
const home = "/recorded";

const wanted = process.argv.slice(2);
for (const scene of scenes.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const log = await record(scene);
  await writeFile(join(import.meta.dirname, `${scene.name}.jsonl`), log);
  process.stdout.write(`${scene.name}: ${log.split("\n").length - 2} events\n`);
}

async function record(scene: Scene): Promise<string> {
  await using model = await startModelInTurn(scene.replies);
  await using server = await ServerProcess.start({
    env: { ...model.env, DECKHAND_APPROVAL: "never", ...scene.env },
  });
  const conversation = scene.name;
  const directory = join(server.workspace, conversation);
  await mkdir(directory, { recursive: true });
  for (const [path, content] of Object.entries(scene.start)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  const say = (action: string, args: object): void => socket.send({ action, args, conversation });
  say("initialize", { directory, ...scene.settings });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation } });
  await scene.act({ socket, say, exists: (path) => existsSync(join(directory, path)) });
  const response = await fetch(`${server.url}/api/conversations/${conversation}/export`);
  return (await response.text()).replaceAll(server.home, home);
}
