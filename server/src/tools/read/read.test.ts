import assert from "node:assert/strict";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PhotonImage } from "@silvia-odwyer/photon-node";
import { actionArgs, DeckhandError, observation, type Observation } from "@deckhand/protocol";
import { bubblewrapRuntimes } from "../../runtime/bubblewrap.ts";
import { imageSizeOf } from "./image-size.ts";
import { imageTypeOf } from "./file-type.ts";
import { notebookText } from "./notebook.ts";
import { readTool } from "./read.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-read-"));
const workspace = join(folder, "workspace");
await mkdir(workspace);
const path = process.env["DECKHAND_USER_PATH"] ?? process.env["PATH"] ?? "";
const runtime = await bubblewrapRuntimes({ dataHome: folder, userHome: homedir(), path }).create({
  workspace,
  home: join(folder, "home"),
});
after(async () => {
  await runtime[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const tool = readTool();

interface Read {
  readonly event: Extract<Observation, { observation: "read" }>;
  readonly modelText: string;
}

async function read(args: object, forAgent = true): Promise<Read> {
  const signal = new AbortController().signal;
  const running = tool.run(actionArgs.read.parse(args), { runtime, id: 1, signal, forAgent });
  const { value, done } = await running.next();
  assert.ok(done === true && value.observation === "read");
  const event = { id: 2, timestamp: "", ...observation("agent", "read", value.content, value.extras) };
  return { event, modelText: tool.formatForModel?.(event) ?? "" };
}
const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(workspace, name), content);
const errorMessage = async (args: object, forAgent = true): Promise<string> => {
  const error: unknown = await read(args, forAgent).then(
    () => assert.fail("The file was read."),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof DeckhandError);
  return error.message;
};
const png = (width: number, height: number): Uint8Array => {
  const pixels = Uint8Array.from({ length: width * height * 4 }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24);
  return new PhotonImage(pixels, width, height).get_bytes();
};

test("[HN4] the agent sees line numbers, which are not part of the stored content", async () => {
  await put("three.txt", "one\ntwo\nthree\n");
  const whole = await read({ path: "three.txt" });
  assert.deepEqual([whole.event.content, whole.modelText], ["one\ntwo\nthree\n", "1\tone\n2\ttwo\n3\tthree"]);
  assert.equal((await read({ path: "three.txt", start: 1, end: 2 })).modelText, "2\ttwo");
  assert.match((await read({ path: "three.txt", start: 9 })).modelText, /no lines in this range/);
  await put("long.txt", "x".repeat(99).concat("\n").repeat(1000));
  const { modelText } = await read({ path: "long.txt", start: 100 });
  assert.match(modelText, /^101\tx+\n102\t[\s\S]*\n700\tx+\n\[Truncated\. Continue with start 700\.\]\n$/);
});

test("[HN5] a folder is listed, sorted and truncated; a client that reads one gets an error as before", async () => {
  await mkdir(join(workspace, "tree/sub"), { recursive: true });
  await Promise.all(["b.txt", ".hidden", "a\nb"].map((name) => put(`tree/${name}`, "")));
  const { event, modelText } = await read({ path: "tree" });
  assert.deepEqual(modelText.split("\n").sort(), [".hidden", "a?b", "b.txt", "sub/"]);
  assert.deepEqual([event.extras.kind, event.extras.path], ["folder", join(workspace, "tree")]);
  await mkdir(join(workspace, "none"));
  assert.equal((await read({ path: "none" })).modelText, "[The folder is empty]");
  await mkdir(join(workspace, "many"));
  await runtime.spawn(["sh", "-c", "cd many; seq 1 600 | xargs touch"], 1000, new AbortController().signal);
  assert.match((await read({ path: "many" })).modelText, /\n\[More than 500 entries;/);
  assert.match(await errorMessage({ path: "tree" }, false), /^Path is a directory/);
});

test("[HN5] of a file too large to be read whole, the requested part is read with bounded memory", async () => {
  const file = await open(join(workspace, "huge.txt"), "w");
  for (let at = 0; at < 20; at += 1) await file.write(`${`${at} `.padEnd(1023, "x")}\n`.repeat(1024));
  await file.close();
  const middle = await read({ path: "huge.txt", start: 10_240, end: 10_242 });
  assert.match(middle.modelText, /^10241\t10 x+\n10242\t10 x+$/);
  assert.match((await read({ path: "huge.txt" })).modelText, /^1\t0 x[\s\S]*start 58\.\]\n$/);
  assert.match(await errorMessage({ path: "huge.txt" }, false), /larger than/);
});

test("[HN5] the error for a file that is not text says what it is", async () => {
  await put("data.gz", Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2));
  const description = "It is gzip data (6 bytes). Use a command that can read it.";
  assert.equal(
    await errorMessage({ path: "data.gz" }),
    `File could not be decoded as utf-8: ${join(workspace, "data.gz")}. ${description}`,
  );
  await put("latin.txt", Buffer.from("caf\xe9", "latin1"));
  assert.match(await errorMessage({ path: "latin.txt" }), /not text \(4 bytes\)/);
  assert.ok(!(await errorMessage({ path: "data.gz" }, false)).includes("gzip"));
});

test("[HN6] small images are shown unchanged, larger ones scaled down, damaged and oversized ones refused with the reason", async () => {
  const small = png(20, 10);
  await put("small.png", small);
  const { event, modelText } = await read({ path: "small.png" });
  assert.equal(modelText, "[Image: image/png, 20 × 10 pixels]");
  const url = `data:image/png;base64,${Buffer.from(small).toString("base64")}`;
  assert.deepEqual(event.extras.image, { url, width: 20, height: 10 });

  await put("large.png", png(2000, 400));
  const large = await read({ path: "large.png" });
  assert.match(large.modelText, /^\[Image: image\/png, 2000 × 400 pixels, shown as \d+ × \d+\]$/);
  const shown = Buffer.from(large.event.extras.image?.url.split(",")[1] ?? "", "base64");
  const type = imageTypeOf(shown);
  assert.ok(shown.length <= 400_000 && type !== undefined);
  const { width = 0, height = 0 } = imageSizeOf(shown, type) ?? {};
  assert.ok(width <= 1568 && Math.abs(width / height - 5) < 0.1);

  const bomb = Buffer.from(png(4, 4));
  bomb.writeUInt32BE(100_000, 16);
  bomb.writeUInt32BE(100_000, 20);
  await put("bomb.png", bomb);
  assert.match((await read({ path: "bomb.png" })).modelText, /cannot be shown: it has 100000 × 100000 pixels/);
  await put("broken.png", Buffer.concat([png(1700, 4).subarray(0, 60)]));
  assert.match((await read({ path: "broken.png" })).modelText, /cannot be shown/);
});

test("[HN6] width and height are read from every image format", () => {
  const image = new PhotonImage(new Uint8Array(30 * 20 * 4).fill(200), 30, 20);
  const gif = Buffer.from("GIF89a\x1e\0\x14\0\0\0\0", "latin1");
  for (const bytes of [image.get_bytes(), image.get_bytes_jpeg(80), image.get_bytes_webp(), gif]) {
    const type = imageTypeOf(bytes);
    assert.ok(type !== undefined);
    assert.deepEqual(imageSizeOf(bytes, type), { width: 30, height: 20 }, type);
    assert.doesNotThrow(() => imageSizeOf(bytes.subarray(0, 13), type));
  }
});

test("[HN5] a notebook is shown as cells with their truncated output; an invalid one stays text", async () => {
  const cells = [
    { cell_type: "markdown", source: ["# Title\n", "words"] },
    {
      cell_type: "code",
      source: "plot()",
      outputs: [
        { output_type: "stream", text: ["12\n", "x".repeat(5000)] },
        { output_type: "display_data", data: { "image/png": "AAAA".repeat(9999), "text/plain": "<Figure>" } },
        { output_type: "error", ename: "ValueError", evalue: "no", traceback: [] },
      ],
    },
  ];
  await put("a.ipynb", JSON.stringify({ nbformat: 4, cells }));
  const { event } = await read({ path: "a.ipynb" });
  assert.equal(event.extras.kind, "notebook");
  assert.match(event.content, /^# Cell 1 \(markdown\)\n# Title\nwords\n\n# Cell 2 \(code\)\nplot\(\)\n# Output\n12\nx/);
  assert.match(event.content, /<Figure>\n\[image\/png\]\nValueError: no\n$/);
  assert.ok(event.content.length < 3000);
  assert.equal((await read({ path: "a.ipynb" }, false)).event.content, JSON.stringify({ nbformat: 4, cells }));
  for (const none of ["{", "[]", '{"cells": 1}']) assert.equal(notebookText(none), undefined);
  assert.match(notebookText('{"cells": [1, {"cell_type": "code"}]}') ?? "", /^# Cell 1 \(unreadable\)/);
});
