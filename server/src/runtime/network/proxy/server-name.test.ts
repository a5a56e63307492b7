import assert from "node:assert/strict";
import { createServer as createNetServer } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { listening, proxyFor, rest, tunnel } from "./proxy.test-kit.ts";
import { serverNameGate } from "./server-name.ts";

/** The single record that Node sends first. */
async function clientHello(servername: string | undefined): Promise<Buffer> {
  const sent = Promise.withResolvers<Buffer>();
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.resolve(chunk);
      done();
    },
  });
  const tls = connectTls({ socket: wire, ...(servername === undefined ? {} : { servername }) });
  tls.on("error", () => {});
  const hello = await sent.promise;
  tls.destroy();
  return hello;
}

function record(body: Buffer, type = 22): Buffer {
  const header = Buffer.from([type, 3, 1, 0, 0]);
  header.writeUInt16BE(body.length, 3);
  return Buffer.concat([header, body]);
}

/** The same ClientHello in records of these sizes; the last one takes the rest. */
function inRecords(hello: Buffer, ...sizes: number[]): Buffer {
  let at = 5;
  const records = sizes.map((size) => record(hello.subarray(at, (at += size))));
  return Buffer.concat([...records, record(hello.subarray(at))]);
}

const oneByteEach = (hello: Buffer): Buffer => inRecords(hello, ...Array.from({ length: hello.length - 6 }, () => 1));

/** Inserts an extension before the others, and corrects the lengths. */
function withExtension(hello: Buffer, extension: Buffer): Buffer {
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const changed = Buffer.concat([hello.subarray(5, at + 2), extension, hello.subarray(at + 2)]);
  changed.writeUIntBE(changed.length - 4, 1, 3);
  changed.writeUInt16BE(hello.readUInt16BE(at) + extension.length, at - 5);
  return record(changed);
}

function nameExtension(...names: string[]): Buffer {
  const entries = names.map((name) => Buffer.concat([Buffer.from([0, 0, name.length]), Buffer.from(name)]));
  const list = Buffer.concat(entries);
  return Buffer.concat([Buffer.from([0, 0, 0, list.length + 2, 0, list.length]), list]);
}

interface Result {
  readonly passed: Buffer;
  readonly names: readonly string[];
  readonly isCut: boolean;
}

/** What of these bytes passes a tunnel to front.test, in segments of this size. */
async function through(bytes: Buffer, { required = false, segment = bytes.length } = {}): Promise<Result> {
  const names: string[] = [];
  const passed: Buffer[] = [];
  const gate = serverNameGate({ required, allows: (name) => (names.push(name), name === "front.test") });
  let isCut = false;
  gate.on("error", () => (isCut = true)).on("data", (chunk: Buffer) => passed.push(chunk));
  for (let at = 0; at < bytes.length; at += segment) gate.write(bytes.subarray(at, at + segment));
  gate.end();
  await new Promise((resolve) => gate.once("close", resolve));
  return { passed: Buffer.concat(passed), names, isCut };
}

const front = await clientHello("front.test");
const hidden = await clientHello("hidden.test");
const unnamed = await clientHello(undefined);

test("[I5] the name is found however the ClientHello is split over records and segments", async () => {
  const splits = [
    (hello: Buffer) => hello,
    (hello: Buffer) => inRecords(hello, 40),
    (hello: Buffer) => inRecords(hello, 1),
    (hello: Buffer) => inRecords(hello, 3, 1, 100),
    oneByteEach,
  ];
  for (const [at, split] of splits.entries()) {
    for (const segment of [1, 2, 7, 100_000]) {
      const allowed = await through(split(front), { segment });
      assert.deepEqual([allowed.isCut, allowed.names], [false, ["front.test"]], `split ${at}, segments of ${segment}`);
      assert.deepEqual(allowed.passed, split(front));
      const refused = await through(split(hidden), { segment });
      assert.deepEqual([refused.isCut, refused.names], [true, ["hidden.test"]], `split ${at}, segments of ${segment}`);
      assert.equal(refused.passed.length, 0);
    }
  }
});

const lies: Readonly<Record<string, Buffer>> = {
  "an empty record first": Buffer.concat([record(Buffer.alloc(0)), hidden]),
  "an empty record inside": Buffer.concat([
    record(hidden.subarray(5, 45)),
    record(Buffer.alloc(0)),
    record(hidden.subarray(45)),
  ]),
  "a warning first": Buffer.concat([record(Buffer.from([1, 112]), 21), hidden]),
  "a change of cipher first": Buffer.concat([record(Buffer.from([1]), 20), hidden]),
  "a warning inside": Buffer.concat([
    record(hidden.subarray(5, 45)),
    record(Buffer.from([1, 112]), 21),
    record(hidden.subarray(45)),
  ]),
  "another handshake message first": Buffer.concat([record(Buffer.from([0, 0, 0, 0])), hidden]),
  "another handshake message in the same record": record(Buffer.concat([front.subarray(5), hidden.subarray(5)])),
  "two names in the list": withExtension(unnamed, nameExtension("front.test", "hidden.test")),
  "the extension twice": withExtension(front, nameExtension("front.test")),
  "a name that is longer than its list": withExtension(unnamed, Buffer.from([0, 0, 0, 6, 0, 4, 0, 0, 9, 120])),
  "an empty name": withExtension(unnamed, nameExtension("")),
  "a ClientHello of more than 64 KiB": Buffer.concat([record(Buffer.from([1, 1, 0, 0])), hidden]),
  "a record of more than 16 KiB": Buffer.concat([Buffer.from([22, 3, 1, 255, 255]), Buffer.alloc(65_535, 1)]),
  "half a ClientHello": hidden.subarray(0, 100),
};
for (const [what, bytes] of Object.entries(lies)) {
  test(`[I5] a tunnel whose TLS starts with ${what} is cut before a byte is sent`, async () => {
    for (const segment of [1, bytes.length]) {
      const { isCut, passed } = await through(bytes, { segment });
      assert.deepEqual([isCut, passed.length], [true, 0]);
    }
  });
}

test("[I5] where TLS is required, everything else is cut, and so is TLS without a name", async () => {
  for (const bytes of [
    Buffer.from("GET / HTTP/1.1\r\nHost: hidden.test\r\n\r\n"),
    Buffer.from("SSH-2.0-x\r\n"),
    unnamed,
  ]) {
    assert.equal((await through(bytes, { required: true })).isCut, true);
    assert.deepEqual((await through(bytes)).passed, bytes);
  }
  assert.equal((await through(Buffer.from([22]), { required: true })).isCut, true);
  assert.deepEqual((await through(oneByteEach(front), { required: true })).passed, oneByteEach(front));
});

test("[I5] a ClientHello in single bytes takes no more than a moment", async () => {
  const large = Buffer.concat([Buffer.from([1, 0, 255, 0]), Buffer.alloc(65_000)]);
  const began = performance.now();
  await through(record(large.subarray(0, 16_000)), { segment: 1 });
  assert.ok(performance.now() - began < 2000);
});

test("[I5] port 443 of an allowed host carries TLS only; a port that a rule names carries anything", async () => {
  let received = 0;
  await using outside = await listening(
    createNetServer((socket) => socket.on("data", (chunk: Buffer) => ((received += chunk.length), socket.end("ok")))),
  );
  const upstream = { host: "127.0.0.1", port: outside.port, authorization: undefined, tunnel: async () => {} };
  const resolve = async () => [{ address: "93.184.215.14", family: 4 }];
  await using proxy = await proxyFor(["front.test", "front.test:22"], { upstream, resolve });
  for (const [port, bytes, arrives] of [
    [443, Buffer.from("GET / HTTP/1.1\r\n\r\n"), false],
    [443, inRecords(hidden, 40), false],
    [443, inRecords(front, 40), true],
    [22, Buffer.from("SSH-2.0-x\r\n"), true],
  ] as const) {
    received = 0;
    const { status, socket } = await tunnel(proxy.port, `front.test:${port}`);
    assert.equal(status, 200);
    socket.write(bytes);
    await rest(socket);
    socket.destroy();
    assert.equal(received, arrives ? bytes.length : 0, `${port}`);
  }
  assert.deepEqual(
    proxy.log.takeRefused().map(({ host, reason }) => [host, reason]),
    [
      ["front.test", "other_server"],
      ["hidden.test", "other_server"],
    ],
  );
});
