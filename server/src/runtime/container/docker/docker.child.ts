/** A minimal server for tests that kill it: `node docker.child.ts ROOT ID SOCKET IMAGE command…`. */
import { join } from "node:path";
import { run } from "../../runtime.contract.ts";
import { dockerRuntimes } from "./docker.ts";

const [root = "", id = "", socket = "", image = "", ...commands] = process.argv.slice(2);
const runtime = await dockerRuntimes({
  dataHome: join(root, "data"),
  userHome: join(root, "user"),
  path: "",
  env: { DOCKER_HOST: `unix://${socket}` },
  image,
  reach: "none",
  isolated: { runIsolated: () => Promise.reject(new Error("not available in this test")) },
  readOnly: false,
  limits: { processes: 200, cpus: 2, memoryBytes: 1024 ** 3, fileBytes: 1024 ** 3 },
  workspaceIn: "folder",
  idleMs: 60_000,
  keepMs: 60_000,
}).create({ workspace: join(root, id), home: join(root, "data", "conversations", id) });
for (const command of commands) process.stdout.write((await run(runtime, command)).output);
process.stdout.write("ready\n");
// The test kills this process.
for await (const _ of process.stdin);
