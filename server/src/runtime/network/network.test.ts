/** The network of real sandboxes: what commands can reach, and how their ports are reached. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, readdirSync, readlinkSync } from "node:fs";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { bubblewrapRuntimes } from "../bubblewrap.ts";
import { failsWith, makeFolders, never, run, until } from "../runtime.contract.ts";
import type { Runtime, RuntimeFactory } from "../runtime.ts";
import { httpServer, type Outside } from "./proxy/proxy.test-kit.ts";
import { systemResolve } from "./proxy/reach.ts";
import { networkPolicy, type NetworkMode } from "./policy/rules.ts";

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const folders = makeFolders();
after(() => folders.remove());

/** Names that end in `.test` resolve to this machine. */
function factory(mode: NetworkMode, ...allow: string[]): RuntimeFactory {
  const resolve = (host: string) =>
    host.endsWith(".test")
      ? Promise.resolve([{ address: "127.0.0.1", family: 4 }])
      : Promise.reject(new Error("unknown"));
  return bubblewrapRuntimes({
    ...folders.options,
    network: { policy: networkPolicy(mode, allow), resolve, upstream: undefined },
  });
}

let count = 0;
function create(runtimes: RuntimeFactory, allowedHosts?: () => readonly string[]): Promise<Runtime> {
  const home = join(folders.options.dataHome, "conversations", String(++count));
  return runtimes.create({
    workspace: join(folders.root, `workspace${count}`),
    home,
    ...(allowedHosts && { allowedHosts }),
  });
}

describe("the network of a sandbox", () => {
  let outside: Outside;
  let hits = 0;
  let runtime: Runtime;
  const allowed: string[] = [];
  before(async () => {
    outside = await httpServer((request, response) => {
      hits += 1;
      response.end(`${request.method} ${request.url}\n`);
    });
    runtime = await create(factory("allow", `listed.test:${outside.port}`), () => allowed);
  });
  after(async () => {
    await runtime[Symbol.asyncDispose]();
    await outside[Symbol.asyncDispose]();
  });

  it("[I1] programs reach a listed host without special configuration", async () => {
    const { output } = await run(
      runtime,
      `curl -sS http://listed.test:${outside.port}/a; curl -sSp http://listed.test:${outside.port}/b`,
    );
    assert.equal(output, "GET /a\nGET /b\n");
    const python = `python3 -c 'import urllib.request as u; print(u.urlopen("http://listed.test:${outside.port}/c").read())'`;
    assert.match((await run(runtime, python)).output, /GET \/c/);
    assert.match(
      (await run(runtime, `git ls-remote http://listed.test:${outside.port}/d 2>&1`)).output,
      /not valid|not found/,
    );
    assert.equal(hits, 4);
  });

  it("[I1] there is no way past the proxy: no route, no name, no other address of this machine", async () => {
    const udp = createSocket("udp4");
    let datagrams = 0;
    udp.on("message", () => (datagrams += 1));
    udp.bind(0);
    await once(udp, "listening");
    const hitsBefore = hits;
    try {
      const direct = `curl -sS --noproxy '*' --max-time 5`;
      for (const command of [
        `exec 3<>/dev/tcp/127.0.0.1/${outside.port}`,
        `exec 3<>/dev/tcp/listed.test/${outside.port}`,
        "exec 3<>/dev/tcp/1.1.1.1/443",
        `${direct} http://listed.test:${outside.port}/`,
        `${direct} http://1.1.1.1/`,
        `${direct} http://169.254.169.254/`,
        "getent hosts localhost.listed.test",
      ])
        assert.notEqual((await run(runtime, command)).exitCode, 0, command);
      await run(runtime, `echo x >/dev/udp/127.0.0.1/${udp.address().port}; echo x >/dev/udp/1.1.1.1/53`);
      assert.equal(
        (await run(runtime, "tail -n +3 /proc/net/dev | cut -d: -f1; tail -n +2 /proc/net/route")).output.trim(),
        "lo",
      );
    } finally {
      udp.close();
    }
    assert.deepEqual([hits, datagrams], [hitsBefore, 0]);
  });

  it("[I6] a refused connection is reported with its command, once, with the rule that would allow it", async () => {
    const { output, exitCode } = await run(
      runtime,
      "for i in 1 2 3; do curl -sS https://pypi.example/secret; done; echo",
    );
    assert.equal(exitCode, 0);
    assert.match(output, /403/);
    assert.deepEqual(runtime.network?.takeRefused(), [
      { host: "pypi.example", port: 443, reason: "not_listed", rule: "pypi.example" },
    ]);
    await run(runtime, "true");
    assert.deepEqual(runtime.network?.takeRefused(), []);
  });

  it("[I7] a host that a person allows can be reached from the next connection on, until it is revoked", async () => {
    const fetch = `curl -sS http://asked.test:${outside.port}/`;
    assert.match((await run(runtime, fetch)).output, /not on the list of allowed hosts/);
    allowed.push(`asked.test:${outside.port}`);
    assert.equal((await run(runtime, fetch)).output, "GET /\n");
    allowed.pop();
    assert.match((await run(runtime, fetch)).output, /not on the list of allowed hosts/);
  });

  it("[I9] a sandbox that replaces a dead one has the same network, which ends with the conversation", async () => {
    const own = await create(factory("allow", `listed.test:${outside.port}`));
    const fetch = `curl -sS http://listed.test:${outside.port}/`;
    assert.equal((await run(own, fetch)).output, "GET /\n");
    const namespaces = () =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith("net:");
        } catch {
          return false;
        }
      }).length;
    assert.equal((await run(own, "kill -9 2; sleep 1000")).endedBy, "shell_exit");
    assert.equal((await run(own, fetch)).output, "GET /\n");
    const held = namespaces();
    await own[Symbol.asyncDispose]();
    assert.ok(namespaces() < held);
    assert.equal(own.network?.record().connections.length, 2);
    assert.deepEqual(own.network?.ports(), []);
    await assert.rejects(own.network?.connect(80, never) ?? Promise.resolve(), failsWith("port_closed"));
  });

  it("[I13] listening ports in the sandbox are found and can be connected to", async () => {
    const server = (host: string, port: number) => `python3 -m http.server -b ${host} ${port} >/dev/null 2>&1 &`;
    await run(runtime, `echo inside >page; ${server("127.0.0.1", 8123)} ${server("::", 8124)}`);
    await until("both listen", () => runtime.network?.ports().length === 2);
    assert.deepEqual(runtime.network?.ports(), [
      { port: 8123, loopback: true },
      { port: 8124, loopback: false },
    ]);
    for (const port of [8123, 8124]) {
      const socket = await runtime.network?.connect(port, never);
      let text = "";
      socket?.on("data", (chunk: Buffer) => (text += String(chunk)));
      socket?.write("GET /page HTTP/1.0\r\n\r\n");
      await once(socket ?? process, "end");
      assert.match(text, /200 OK[^]*inside\n$/);
    }
    await assert.rejects(runtime.network?.connect(8125, never) ?? Promise.resolve(), failsWith("port_closed"));
    // The proxy's own port cannot be connected to.
    await assert.rejects(runtime.network?.connect(3128, never) ?? Promise.resolve(), failsWith("port_closed"));
  });
});

test("[I1] with the network off there is no proxy and no variable that names one", async () => {
  await using runtime = await create(factory("off", "listed.test"));
  assert.equal((await run(runtime, "env | grep -ic proxy; cat /proc/net/tcp | wc -l")).output, "0\n1\n");
  assert.equal(runtime.network, undefined);
});

test("[I11] the sandbox is verified with such a network, and each conversation has its own", async () => {
  const runtimes = factory("allow");
  const { proven, sentence } = await runtimes.status("");
  assert.ok(proven, sentence);
  await using one = await create(runtimes);
  await using two = await create(runtimes);
  await run(one, "python3 -m http.server 8000 >/dev/null 2>&1 &");
  await until("it listens", () => one.network?.ports().length === 1);
  assert.notEqual((await run(two, "curl -sS --noproxy '*' http://127.0.0.1:8000/")).exitCode, 0);
  const names = await Promise.all(
    [one, two].map(async (each) => (await run(each, "readlink /proc/self/ns/net")).output),
  );
  assert.notEqual(names[0], names[1]);
  assert.ok(!names.includes(`${readlinkSync("/proc/self/ns/net")}\n`));
});

test("[I11] verification detects a proxy that allows too much, and nothing runs", async () => {
  // Every port of this machine, so that what verification tries to reach is reachable.
  const every = Array.from({ length: 65_535 }, (_, at) => ({
    text: "all",
    host: "127.0.0.1",
    subdomains: false,
    port: at + 1,
  }));
  const runtimes = bubblewrapRuntimes({
    ...folders.options,
    network: { policy: { mode: "allow", rules: every }, resolve: systemResolve, upstream: undefined },
  });
  const { proven, sentence } = await runtimes.status("");
  assert.equal(proven, false);
  assert.match(sentence, /connect to one through the proxy/);
});

test("[I10] an isolated program reaches its own hosts besides the list, and nothing by default", async () => {
  await using outside = await httpServer((_request, response) => void response.end("reached"));
  const folder = join(folders.root, "isolated");
  mkdirSync(folder);
  const runtimes = factory("allow");
  const argv = ["curl", "-sS", `http://isolated.test:${outside.port}/`];
  const program = { argv, folders: [{ path: folder, access: "write" as const }], cwd: folder };
  const rule = `isolated.test:${outside.port}`;
  assert.equal(
    String((await runtimes.runIsolated({ ...program, allowedHosts: [rule] }, 1000, never)).stdout),
    "reached",
  );
  assert.match(
    String((await runtimes.runIsolated({ ...program, allowedHosts: [] }, 1000, never)).stdout),
    /not on the list of allowed hosts/,
  );
  assert.notEqual((await runtimes.runIsolated(program, 1000, never)).exitCode, 0);
});

test("[I11] commands that a root server runs as another user have the same network", { skip: !isRoot }, async () => {
  await using outside = await httpServer((_request, response) => void response.end("reached\n"));
  const workspace = join(folders.root, "nobodys");
  mkdirSync(workspace);
  chownSync(workspace, nobody, nobody);
  const home = join(folders.options.dataHome, "conversations", "nobodys");
  await using runtime = await factory("allow", `listed.test:${outside.port}`).create({ workspace, home });
  assert.equal(
    (await run(runtime, `curl -sS http://listed.test:${outside.port}/; curl -sS http://other.test/`)).output,
    "reached\nother.test:80 is not on the list of allowed hosts\n",
  );
});

test("[I11] a server without root has the same network, and no process inside has privileges over it", async () => {
  const own = makeFolders();
  try {
    if (isRoot) for (const path of [own.root, own.options.userHome]) chownSync(path, nobody, nobody);
    await using outside = await httpServer((_request, response) => void response.end("reached\n"));
    const child = spawn(
      process.execPath,
      [
        join(import.meta.dirname, "../bubblewrap.child.ts"),
        `bubblewrap:127.0.0.1:${outside.port}`,
        own.root,
        `curl -sS --noproxy x http://127.0.0.1:${outside.port}/`,
        "curl -sS http://other.test/; ip link set lo down 2>/dev/null || echo no right",
      ],
      { stdio: ["pipe", "pipe", "inherit"], ...(isRoot ? { uid: nobody, gid: nobody } : {}) },
    );
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    await Promise.race([until("it is ready", () => text.includes("ready\n")), once(child, "exit")]);
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
    assert.equal(text, "reached\nother.test:80 is not on the list of allowed hosts\nno right\nready\n");
  } finally {
    own.remove();
  }
});

test("[I11] nothing runs if no namespace can be created", async () => {
  const runtimes = bubblewrapRuntimes({
    ...folders.options,
    path: "/nowhere",
    network: {
      policy: networkPolicy("allow", []),
      resolve: () => Promise.reject(new Error("no")),
      upstream: undefined,
    },
  });
  assert.equal((await runtimes.status("")).proven, false);
  await assert.rejects(create(runtimes), failsWith("sandbox_unavailable"));
});
