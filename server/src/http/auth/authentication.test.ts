import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import { assertMayBind, serverNames } from "./hosts.ts";
import { tableAddress, findUid, peerUid } from "./local-peer.ts";
import { rawRequest, requestText, startTestServer, testToken, upgradeHeaders } from "../server.test-kit.ts";
import { createTickets } from "./tickets.ts";

type Headers = readonly (readonly [string, string])[];

const isRoot = process.getuid?.() === 0;
const linux = process.platform === "linux";

describe("a process of the same user", { skip: linux ? false : "there is no /proc/net here" }, () => {
  test("[D7] has access without a token, over IPv4 and IPv6", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      await using server = await startTestServer({ host, token: undefined });
      const answer = await rawRequest(
        server.port,
        requestText("GET", "/api/health", [["Host", `localhost:${server.port}`]]),
        host,
      );
      assert.equal(answer.status, 200);
    }
  });

  test("[D7] has access even if it sends a classic client's token", async () => {
    await using server = await startTestServer();
    const headers: Headers = [
      ["Host", `127.0.0.1:${server.port}`],
      ["Authorization", "Bearer some.session.jwt"],
    ];
    assert.equal((await rawRequest(server.port, requestText("GET", "/api/options/agents", headers))).status, 200);
  });

  test("[D8] needs a token for requests through a proxy, whose peer is the proxy", async () => {
    await using server = await startTestServer({ hosts: ["deckhand.example:443"] });
    const own: Headers = [["Host", `127.0.0.1:${server.port}`]];
    const token: Headers = [["Authorization", `Bearer ${testToken}`]];
    for (const name of ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"]) {
      assert.equal(
        (await rawRequest(server.port, requestText("GET", "/api/health", [...own, [name, "x"]]))).status,
        401,
        name,
      );
      assert.equal(
        (await rawRequest(server.port, requestText("GET", "/api/health", [...own, [name, "x"], ...token]))).status,
        200,
      );
    }
    const configured: Headers = [
      ["Host", "deckhand.example"],
      ["Origin", "https://deckhand.example"],
    ];
    assert.equal((await rawRequest(server.port, requestText("GET", "/api/health", configured))).status, 401);
    assert.equal(
      (await rawRequest(server.port, requestText("GET", "/api/health", [...configured, ...token]))).status,
      200,
    );
  });
});

describe(
  "another user's process on the same machine",
  { skip: isRoot ? false : "only root can become another user" },
  () => {
    test("[D9] is refused without a token and has access with it", async () => {
      await using server = await startTestServer();
      const host: Headers = [["Host", `127.0.0.1:${server.port}`]];
      const token: Headers = [["Authorization", `Bearer ${testToken}`]];
      const statuses = await asNobody(server.port, [
        requestText("GET", "/api/health", host),
        requestText("GET", "/ws", [...host, ...upgradeHeaders]),
        requestText("GET", "/api/health", [...host, ["Authorization", "Bearer wrong"]]),
        requestText("GET", "/api/health", [...host, ...token]),
        requestText("GET", "/ws", [...host, ...upgradeHeaders, ...token]),
      ]);
      assert.deepEqual(statuses, [401, 401, 401, 200, 101]);
    });
  },
);

describe("the owner of a socket", { skip: linux ? false : "there is no /proc/net here" }, () => {
  test("[D10] is the uid of the client's end", async () => {
    await using pair = await connected();
    assert.equal(await peerUid(pair.accepted), process.getuid?.());
  });

  test("[D10] is unknown once the client has closed it, although the kernel lists the orphan with uid 0", async () => {
    await using pair = await connected();
    pair.client.write("a request, closed right after sending");
    pair.client.destroy();
    const { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 } = pair.accepted;
    const [local, remote] = [tableAddress(remoteAddress, remotePort), tableAddress(localAddress, localPort)];
    const orphan = async (): Promise<string[] | undefined> =>
      (await readFile("/proc/net/tcp", "latin1"))
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .find((columns) => columns[1] === local && columns[2] === remote);
    for (let columns = await orphan(); columns?.[9] !== "0"; columns = await orphan()) {
      assert.ok(columns, "the connection is not listed any more");
    }
    assert.equal(await peerUid(pair.accepted), undefined);
  });

  test(
    "[D10] is parsed from the kernel's tables",
    {
      skip: tableAddress("127.0.0.1", 80).startsWith("0100007F") ? false : "the sample tables are little-endian",
    },
    () => {
      const lines = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        "   0: 0100007F:0BB8 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 11 1 x 20 4 30 10 -1",
        "   1: 0100007F:C350 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 x 20 4 30 10 -1",
        "   2: 0100007F:C351 0100007F:0BB8 06 00000000:00000000 03:00000000 00000000     0        0 0 3 x",
      ].join("\n");
      assert.equal(findUid(lines, tableAddress("127.0.0.1", 50_000), tableAddress("127.0.0.1", 3000)), 1000);
      assert.equal(
        findUid(lines, tableAddress("::ffff:127.0.0.1", 50_000), tableAddress("::ffff:127.0.0.1", 3000)),
        1000,
      );
      assert.equal(findUid(lines, tableAddress("127.0.0.1", 50_001), tableAddress("127.0.0.1", 3000)), undefined);
      assert.equal(tableAddress("::1", 3000), "00000000000000000000000001000000:0BB8");
      const mapped =
        "   0: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:0BB8 01 0:0 0:0 0 7 0 12 1 x";
      assert.equal(findUid(mapped, tableAddress("127.0.0.1", 50_000), tableAddress("127.0.0.1", 3000)), 7);
    },
  );
});

describe("a token", () => {
  const elsewhere = { host: "0.0.0.0" };

  test("[D11] is required from every client when the server is bound beyond loopback", async () => {
    await using server = await startTestServer(elsewhere);
    const host: Headers = [["Host", `127.0.0.1:${server.port}`]];
    const status = async (...headers: Headers): Promise<number> =>
      (await rawRequest(server.port, requestText("GET", "/api/health", [...host, ...headers]))).status;
    assert.equal(await status(), 401);
    assert.equal(await status(["Authorization", `Bearer ${testToken}x`]), 401);
    assert.equal(await status(["Authorization", `Basic ${testToken}`]), 401);
    assert.equal(await status(["Cookie", "deckhand_token=wrong"]), 401);
    assert.equal(await status(["Cookie", `other=1; deckhand_token=${testToken}`]), 200);
    assert.equal(await status(["Authorization", `Bearer ${testToken}`]), 200);
    assert.equal(
      await status(["Authorization", "Bearer a.session.jwt"], ["Cookie", `deckhand_token=${testToken}`]),
      200,
    );
    const upgrade = await rawRequest(server.port, requestText("GET", "/ws", [...host, ...upgradeHeaders]));
    assert.equal(upgrade.status, 401);
    assert.equal(JSON.parse(upgrade.body).error.code, "unauthorized");
  });

  test("[D12] in the link becomes an HttpOnly cookie and leaves the URL", async () => {
    await using server = await startTestServer(elsewhere);
    const host: Headers = [["Host", `127.0.0.1:${server.port}`]];
    const link = await rawRequest(server.port, requestText("GET", `/?token=${testToken}`, host));
    assert.equal(link.status, 302);
    assert.equal(link.headers.get("location"), "/");
    assert.equal(link.headers.get("set-cookie"), `deckhand_token=${testToken}; HttpOnly; SameSite=Strict; Path=/`);
    const cookie = link.headers.get("set-cookie")?.split(";")[0] ?? "";
    assert.equal(
      (await rawRequest(server.port, requestText("GET", "/api/health", [...host, ["Cookie", cookie]]))).status,
      200,
    );
    const wrong = await rawRequest(server.port, requestText("GET", "/?token=wrong", host));
    assert.equal(wrong.status, 401);
    assert.equal(wrong.headers.get("set-cookie"), undefined);
    assert.equal(
      (await rawRequest(server.port, requestText("GET", `/api/health?token=${testToken}`, host))).status,
      401,
    );
  });

  test("[D13] can be exchanged for a ticket that opens one socket, once", async () => {
    await using server = await startTestServer(elsewhere);
    const host: Headers = [["Host", `127.0.0.1:${server.port}`]];
    const bearer: Headers = [["Authorization", `Bearer ${testToken}`]];
    assert.equal((await rawRequest(server.port, requestText("POST", "/api/ticket", host))).status, 401);
    const issued = await rawRequest(server.port, requestText("POST", "/api/ticket", [...host, ...bearer]));
    assert.equal(issued.status, 201);
    const { ticket } = JSON.parse(issued.body) as { ticket: string };
    const upgrade = requestText("GET", `/ws?ticket=${ticket}`, [...host, ...upgradeHeaders]);
    assert.equal((await rawRequest(server.port, upgrade)).status, 101);
    assert.equal((await rawRequest(server.port, upgrade)).status, 401);
  });

  test("[D13] a ticket expires after 30 seconds", () => {
    let now = 0;
    const tickets = createTickets(() => now);
    const [early, late] = [tickets.issue(), tickets.issue()];
    assert.equal(early.expires_in_s, 30);
    now = 29_999;
    assert.equal(tickets.redeem(early.ticket), true);
    assert.equal(tickets.redeem(early.ticket), false);
    now = 30_000;
    assert.equal(tickets.redeem(late.ticket), false);
    assert.equal(tickets.redeem("never issued"), false);
  });

  test("[D13] the number of tickets in memory is bounded", () => {
    const tickets = createTickets(() => 0);
    const first = tickets.issue();
    const others = Array.from({ length: 1000 }, () => tickets.issue());
    assert.equal(tickets.redeem(first.ticket), false);
    assert.equal(tickets.redeem(others[0]?.ticket ?? ""), true);
  });
});

describe("binding", () => {
  test("[D14] beyond loopback without a token fails and says what to set", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "deckhand.example"]) {
      assert.throws(() => assertMayBind(host, undefined), /DECKHAND_TOKEN/, host);
      await assert.rejects(startTestServer({ host, token: undefined }), /DECKHAND_TOKEN/);
      assertMayBind(host, testToken);
    }
    for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) assertMayBind(host, undefined);
  });

  test("[D15] to an address accepts that address as host, and no other name of the machine", () => {
    const { hosts, origins, loopback } = serverNames({
      address: "192.0.2.1",
      port: 80,
      hosts: ["Deckhand.example:443"],
    });
    assert.deepEqual([...hosts], ["192.0.2.1:80", "192.0.2.1", "deckhand.example:443", "deckhand.example"]);
    assert.deepEqual([...origins], ["http://192.0.2.1", "https://deckhand.example"]);
    assert.deepEqual([...loopback], []);
    assert.throws(() => serverNames({ address: "192.0.2.1", port: 80, hosts: ["http://x"] }), /DECKHAND_HOSTS/);
  });

  const outer = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry !== undefined && entry.family === "IPv4" && !entry.internal)?.address;
  test(
    "[D15] to all addresses accepts the address that a request arrived at",
    { skip: outer === undefined ? "this machine has no other address" : false },
    async () => {
      await using server = await startTestServer({ host: "0.0.0.0" });
      const bearer: Headers = [["Authorization", `Bearer ${testToken}`]];
      const status = async (host: string, to: string): Promise<number> =>
        (
          await rawRequest(
            server.port,
            requestText("GET", "/api/health", [["Host", `${host}:${server.port}`], ...bearer]),
            to,
          )
        ).status;
      assert.equal(await status(outer ?? "", outer ?? ""), 200);
      assert.equal(await status(outer ?? "", "127.0.0.1"), 403);
      assert.equal(await status("0.0.0.0", "127.0.0.1"), 403);
      assert.equal(await status("rebound.example", outer ?? ""), 403);
    },
  );
});

/** The status that a process of uid 65534 gets for each request. */
async function asNobody(port: number, requests: readonly string[]): Promise<number[]> {
  const program = `
    const { connect } = require("node:net");
    const ask = (text) => new Promise((resolve) => {
      const socket = connect(${port}, "127.0.0.1", () => socket.write(text));
      socket.once("data", (data) => { resolve(Number(String(data).split(" ")[1])); socket.destroy(); });
    });
    (async () => {
      const statuses = [];
      for (const text of ${JSON.stringify(requests)}) statuses.push(await ask(text));
      console.log(JSON.stringify(statuses));
    })();`;
  const child = spawn(process.execPath, ["-e", program], { uid: 65_534, gid: 65_534, cwd: "/", env: {} });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return JSON.parse(output) as number[];
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = "";
  for await (const data of stream) all += String(data);
  return all;
}

interface Pair extends AsyncDisposable {
  readonly client: Socket;
  readonly accepted: Socket;
}

async function connected(): Promise<Pair> {
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [accepted] = (await once(listener, "connection")) as [Socket];
  accepted.on("error", () => {});
  return {
    client,
    accepted,
    async [Symbol.asyncDispose]() {
      client.destroy();
      accepted.destroy();
      listener.close();
    },
  };
}
