/** Workspace files over HTTP, on the real server with its sandbox, and the classic file routes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setImmediate as othersTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { connect, type Client } from "@deckhand/client";
import { isAction } from "@deckhand/protocol";
import { pack, type Header as TarHeader } from "tar-stream";
import { buffer } from "node:stream/consumers";
import { createIn, eventOf, makeRepository, runIn } from "./kit/workspaces.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const mib = 1024 * 1024;
let server: ServerProcess;
let client: Client;
let folder: string;
let id: string;
let workspace: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-files-"));
  server = await ServerProcess.start({ env: { LLM_MODEL: "demo", DECKHAND_WORKSPACE_MIB: "96" } });
  client = connect({ url: server.url });
  id = await createIn(client, {});
  workspace = join(server.home, "conversations", id, "workspace");
});
after(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Yields first, so that fetch notices connections that the server closed while a program blocked this process. */
async function ask(path: string, init?: RequestInit): Promise<Response> {
  for (let turns = 0; turns < 3; turns += 1) await othersTurn();
  return fetch(`${server.url}/api/conversations/${id}/${path}`, init);
}
const file = (path: string): string => `file?path=${encodeURIComponent(path)}`;

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

test("[V40] a folder is listed in pages, folders first, with each entry's type, whatever its name", async () => {
  const at = join(workspace, "list");
  mkdirSync(join(at, "folder"), { recursive: true });
  const names = ["a\nb", "\u202egnp.exe", "space é 中", "-rf", ".hidden", "*", "z"];
  for (const name of names) writeFileSync(join(at, name), "12345");
  writeFileSync(Buffer.concat([Buffer.from(`${at}/`), Buffer.from([0xff, 0xfe])]), "no UTF-8");
  symlinkSync("folder", join(at, "link"));
  symlinkSync("/etc/shadow", join(at, "shadow"));
  execFileSync("mkfifo", [join(at, "pipe")]);
  const seen: { name: string; type: string; target_type?: string; size_bytes: number; hidden: boolean }[] = [];
  let next: string | null = "";
  let pages = 0;
  for (; next !== null; pages += 1) {
    const answer = await ask(`files?path=list&limit=4${next === "" ? "" : `&after=${encodeURIComponent(next)}`}`);
    const page = (await answer.json()) as { entries: typeof seen; next: string | null; incomplete: boolean };
    assert.ok(page.incomplete, "a name that is not UTF-8 is omitted");
    seen.push(...page.entries);
    ({ next } = page);
  }
  assert.equal(pages, 3);
  assert.deepEqual(seen.map(({ name }) => name).toSorted(), [...names, "folder", "link", "pipe", "shadow"].toSorted());
  assert.deepEqual(
    seen.slice(0, 2).map(({ name, type, target_type: target }) => [name, type, target]),
    [
      ["folder", "folder", undefined],
      ["link", "link", "folder"],
    ],
  );
  const of = (name: string) => seen.find((entry) => entry.name === name);
  assert.deepEqual([of(".hidden")?.hidden, of("z")?.hidden, of("z")?.size_bytes], [true, false, 5]);
  assert.deepEqual([of("shadow")?.target_type, of("pipe")?.type], ["missing", "other"], "seen from inside");
  assert.equal((await ask("files?path=no-such")).status, 404);
});

test("[V40] a folder whose entries cannot be examined is listed without them; an unreadable folder is not found", async () => {
  for (const [name, mode] of [
    ["listable", 0o444],
    ["closed", 0o000],
  ] as const) {
    mkdirSync(join(workspace, name));
    writeFileSync(join(workspace, name, "a.txt"), "a");
    chmodSync(join(workspace, name), mode);
  }
  // As for an entry that disappears meanwhile, find prints nothing for it and fails.
  const listed = await ask("files?path=listable");
  assert.equal(listed.status, 200);
  assert.deepEqual(((await listed.json()) as { entries: unknown[] }).entries, []);
  assert.equal((await ask("files?path=closed")).status, 404);
  for (const name of ["listable", "closed"]) chmodSync(join(workspace, name), 0o755);
});

test("[V40] files ignored by the repository are marked", async () => {
  makeRepository(join(workspace, "repository"));
  writeFileSync(join(workspace, "repository", ".gitignore"), "*.log\n:x\n");
  for (const name of ["b.log", ":x", "c"]) writeFileSync(join(workspace, "repository", name), "");
  const { entries } = (await (await ask("files?path=repository")).json()) as {
    entries: { name: string; ignored: boolean }[];
  };
  assert.deepEqual(
    entries.filter(({ ignored }) => ignored).map(({ name }) => name),
    [":x", "b.log"],
  );
});

test("[UW14] files are found by words in their path, names first, and by content; never ignored files or files outside", async () => {
  const at = join(workspace, "find");
  mkdirSync(join(at, "pelican", "deep"), { recursive: true });
  mkdirSync(join(at, ".git"));
  writeFileSync(join(at, ".gitignore"), "ignored.txt\n");
  writeFileSync(join(at, "ignored.txt"), "pelicans fly");
  writeFileSync(join(at, "pelican", "deep", "a.txt"), "one\nPelicans [fly] -e\n");
  writeFileSync(join(at, "-e pelican.md"), "nothing");
  symlinkSync("/etc", join(at, "pelican-link"));
  const find = async (text: string, within = "names", limit = 100): Promise<readonly (readonly unknown[])[]> => {
    const answer = await ask(`find?${new URLSearchParams({ text, in: within, limit: String(limit) }).toString()}`);
    const { found, truncated } = (await answer.json()) as {
      found: { path: string; line?: number; text?: string }[];
      truncated: boolean;
    };
    assert.equal(truncated, found.length === limit);
    return found.map(({ path, line, text: line_ }) => (line === undefined ? [path] : [path, line, line_]));
  };
  assert.deepEqual(await find("pelican"), [["find/-e pelican.md"], ["find/pelican/deep/a.txt"]]);
  assert.deepEqual(await find("find a.txt"), [["find/pelican/deep/a.txt"]]);
  assert.deepEqual(await find("Pelican"), [], "a query with upper case is case-sensitive");
  assert.deepEqual(await find("pelicans [fly]", "content"), [["find/pelican/deep/a.txt", 2, "Pelicans [fly] -e"]]);
  assert.deepEqual(await find("-e", "content"), [["find/pelican/deep/a.txt", 2, "Pelicans [fly] -e"]]);
  assert.deepEqual(await find("root:x:0", "content"), []);
  assert.equal((await find("a", "names", 1)).length, 1);
  assert.equal((await ask("find?text=")).status, 400);
});

test("[V41] a file is sent byte for byte, in full or as a range, with a type that no browser executes", async () => {
  const bytes = Buffer.from(Array.from({ length: 9 * mib + 7 }, (_, at) => (at * 31 + (at >> 8)) % 256));
  writeFileSync(join(workspace, "binary"), bytes);
  writeFileSync(join(workspace, "page.html"), "<script>alert(1)</script>");
  writeFileSync(join(workspace, "picture.txt"), Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"));
  const whole = await ask(file("binary"));
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(bytes));
  assert.match(whole.headers.get("content-disposition") ?? "", /^attachment; filename\*=UTF-8''binary$/);
  assert.equal(whole.headers.get("x-content-type-options"), "nosniff");
  for (const [range, start, end] of [
    ["bytes=5-9", 5, 10],
    ["bytes=4194300-4194310", 4_194_300, 4_194_311],
    ["bytes=-3", bytes.length - 3, bytes.length],
    ["bytes=9437180-", 9_437_180, bytes.length],
  ] as const) {
    const part = await ask(file("binary"), { headers: { range } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes ${start}-${end - 1}/${bytes.length}`);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end)), range);
  }
  assert.equal((await ask(file("binary"), { headers: { range: `bytes=${bytes.length}-` } })).status, 416);
  const tag = whole.headers.get("etag") ?? "";
  assert.equal((await ask(file("binary"), { headers: { "if-none-match": tag } })).status, 304);
  const page = await ask(file("page.html"));
  assert.equal(page.headers.get("content-type"), "text/plain; charset=utf-8");
  await page.body?.cancel();
  const picture = await ask(file("picture.txt"));
  assert.equal(picture.headers.get("content-type"), "image/png");
  await picture.body?.cancel();
});

test("[V42] nothing outside the workspace can be read or written, by any path or link", async () => {
  writeFileSync(join(folder, "canary"), "canary");
  symlinkSync(join(folder, "canary"), join(workspace, "out"));
  symlinkSync(folder, join(workspace, "out-folder"));
  symlinkSync(join(server.home, "deckhand.db"), join(workspace, "database"));
  for (const path of ["../../../deckhand.db", "/etc/passwd", "list/../../home", `${workspace}x`]) {
    assert.equal((await ask(file(path))).status, 403, path);
    assert.equal((await ask(file(path), { method: "PUT", body: "x" })).status, 403, path);
  }
  for (const path of ["out", "out-folder/canary", "database"]) {
    assert.equal((await ask(file(path))).status, 403, path);
  }
  assert.equal((await ask(file("nul\0"))).status, 404);
  for (const path of ["out", "out-folder/new", "out-folder/canary"]) {
    const answer = await ask(file(path), { method: "PUT", body: Buffer.alloc(64 * 1024, "x") });
    assert.equal(answer.status, 403, path);
  }
  assert.equal(readFileSync(join(folder, "canary"), "utf8"), "canary");
  assert.deepEqual(readdirSync(folder), ["canary"]);
  for (const name of ["out", "out-folder", "database"]) await rm(join(workspace, name));
});

test("[V43] saving a file that has changed meanwhile is refused; text is logged as a `write` of the user", async () => {
  const made = await ask(file("deep/er/text"), { method: "PUT", body: "one\n", headers: { "if-none-match": "*" } });
  assert.equal(made.status, 200);
  const tag = made.headers.get("etag") ?? "";
  const { event } = (await made.json()) as { event: number };
  const stored = await eventOf(client, id, (each) => each.id === event);
  assert.ok(
    isAction(stored) && stored.action === "write" && stored.source === "user" && stored.args.content === "one\n",
  );
  assert.equal(
    (await ask(file("deep/er/text"), { method: "PUT", body: "x", headers: { "if-none-match": "*" } })).status,
    409,
  );
  const [a, b] = await Promise.all(
    ["two\n", "three\n"].map((body) =>
      ask(file("deep/er/text"), { method: "PUT", body, headers: { "if-match": tag } }),
    ),
  );
  assert.deepEqual(new Set([a?.status, b?.status]), new Set([200, 409]), "one of two concurrent saves is refused");
  const now = (a?.status === 200 ? a : b)?.headers.get("etag") ?? "";
  await runIn(client, id, "echo agent > deep/er/text");
  const late = await ask(file("deep/er/text"), { method: "PUT", body: "x", headers: { "if-match": now } });
  assert.equal(await codeOf(late), "conflict");
  assert.equal(await runIn(client, id, "cat deep/er/text"), "agent\n");
});

test("[V44] large and binary files are written in full with bounded memory, and logged as uploads", async () => {
  const bytes = Buffer.alloc(90 * mib, "0123456789abcde\0");
  const atFirst = await server.memoryBytes();
  let most = atFirst;
  const watch = setInterval(() => void server.memoryBytes().then((now) => (most = Math.max(most, now))), 50);
  const put = await ask(file("large"), { method: "PUT", body: bytes });
  assert.equal(put.status, 200);
  const got = await ask(file("large"));
  let size = 0;
  for await (const chunk of got.body ?? []) size += chunk.length;
  clearInterval(watch);
  assert.equal(size, bytes.length);
  assert.ok(most - atFirst < 80 * mib, `${Math.round((most - atFirst) / mib)} MiB more`);
  assert.equal(execFileSync("cmp", [join(workspace, "large"), "-"], { input: bytes }).length, 0);
  const { event } = (await put.json()) as { event: number };
  const logged = await eventOf(client, id, (each) => each.id === event);
  assert.ok(!isAction(logged) && logged.observation === "upload" && logged.extras.size_bytes === bytes.length);
  assert.deepEqual(
    readdirSync(workspace).filter((name) => name.startsWith("large")),
    ["large"],
  );
  const over = await ask("upload?path=toolarge", {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: Buffer.alloc(96 * mib + 1),
  });
  assert.equal(over.status, 413);
  assert.ok(!existsSync(join(workspace, "toolarge")));
  const bomb = gzipSync(await tarOf([{ name: "zeros", size: 97 * mib }, "\0".repeat(97 * mib)]));
  const unpacked = await ask("upload", { method: "POST", headers: { "content-type": "application/gzip" }, body: bomb });
  assert.equal(unpacked.status, 413, "the unpacked size counts");
  assert.ok(!existsSync(join(workspace, "zeros")));
});

test("[V45] many files can be uploaded at once, as a form or an archive, and no name escapes the folder", async () => {
  const form = new FormData();
  form.append("files", new Blob(["a"]), "tree/a.txt");
  form.append("files", new Blob([Buffer.from([0, 255, 1])]), "tree/sub/b.bin");
  const sent = await ask("upload?path=up", { method: "POST", body: form });
  assert.equal(sent.status, 201);
  assert.deepEqual(readFileSync(join(workspace, "up/tree/sub/b.bin")), Buffer.from([0, 255, 1]));
  const upload = (body: Buffer, type: string): Promise<Response> =>
    ask("upload?path=slip", { method: "POST", headers: { "content-type": type }, body });
  for (const name of [
    "../escaped",
    "/etc/escaped",
    "a/../../escaped",
    "C:\\escaped",
    "a\nb",
    "\u202etxt.exe",
    "x".repeat(300),
  ]) {
    assert.equal((await upload(await tarOf([{ name }, "x"]), "application/x-tar")).status, 400, name);
  }
  const slips = ["../escaped", "/abs/escaped", "ok/../../escaped"];
  for (const name of slips) {
    const zip = zipOf(name);
    assert.equal((await upload(zip, "application/zip")).status, 400, name);
  }
  const link = await tarOf([{ name: "link", type: "symlink", linkname: folder }, ""], [{ name: "link/through" }, "x"]);
  assert.equal((await upload(link, "application/x-tar")).status, 201, "the link is skipped, so a folder is created");
  assert.equal(readFileSync(join(workspace, "slip/link/through"), "utf8"), "x");
  symlinkSync(folder, join(workspace, "swapped"));
  const through = await ask("upload?path=swapped", {
    method: "POST",
    headers: { "content-type": "application/x-tar" },
    body: await tarOf([{ name: "new" }, "x"]),
  });
  assert.equal(through.status, 403);
  await rm(join(workspace, "swapped"));
  assert.deepEqual(readdirSync(folder), ["canary"]);
  assert.ok(!existsSync(join(workspace, "escaped")));
});

test("[V46] the workspace is sent as a zip without links and .git, with many small and large files", async () => {
  const at = join(workspace, "zipped");
  makeRepository(at);
  mkdirSync(join(at, "many"));
  for (let n = 0; n < 450; n += 1) writeFileSync(join(at, "many", `${n}`), `${n}\n`);
  writeFileSync(join(at, "big"), Buffer.alloc(5 * mib, "abc"));
  writeFileSync(join(at, "run.sh"), "#!/bin/sh\n");
  chmodSync(join(at, "run.sh"), 0o755);
  symlinkSync("/etc/passwd", join(at, "link"));
  const answer = await ask("archive?path=zipped");
  assert.equal(answer.headers.get("content-type"), "application/zip");
  writeFileSync(join(folder, "got.zip"), Buffer.from(await answer.arrayBuffer()));
  execFileSync("unzip", ["-q", "got.zip", "-d", "got"], { cwd: folder });
  assert.deepEqual(readdirSync(join(folder, "got")).toSorted(), ["a", "big", "many", "run.sh"]);
  assert.equal(
    execFileSync("diff", ["-r", "--exclude=.git", "--exclude=link", at, join(folder, "got")], { encoding: "utf8" }),
    "",
  );
  assert.equal(execFileSync("stat", ["-c", "%a", join(folder, "got/run.sh")], { encoding: "utf8" }), "755\n");
  const whole = await ask("archive?path=zipped&git=true");
  writeFileSync(join(folder, "got.zip"), Buffer.from(await whole.arrayBuffer()));
  assert.match(execFileSync("unzip", ["-l", "got.zip"], { cwd: folder, encoding: "utf8" }), /\.git\/HEAD/);
});

test("[V36] a conversation can start with files uploaded before, and each upload is used only once", async () => {
  const form = new FormData();
  form.append("files", new Blob(["hello"]), "src/a.txt");
  await ask("files");
  const sent = await fetch(`${server.url}/api/uploads`, { method: "POST", body: form });
  const { id: upload, files } = (await sent.json()) as { id: string; files: number };
  assert.equal(files, 1);
  const begun = await createIn(client, { upload });
  assert.equal(await runIn(client, begun, "cat src/a.txt"), "hello");
  await assert.rejects(client.create({ settings: { workspace: { upload } } }), { code: "bad_args" });
  await assert.rejects(client.create({ settings: { workspace: { upload: "../conversations" } } }), {
    code: "bad_args",
  });
  assert.deepEqual(readdirSync(join(server.home, "uploads")), []);
});

test("[V47] classic: list-files, select-file, save-file, upload-files and zip-directory respond as recorded", async () => {
  const socket = await RawSocket.open(server.wsUrl);
  const { token } = (await socket.next((frame) => "token" in frame)) as unknown as { token: string };
  const classic = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    return fetch(`${server.url}/api/${path}`, { ...init, headers });
  };
  assert.deepEqual(await (await fetch(`${server.url}/api/list-files`)).json(), {
    error: "Missing Authorization header",
  });
  const bad = await fetch(`${server.url}/api/list-files`, { headers: { authorization: "Bearer nonsense" } });
  assert.deepEqual([bad.status, await bad.json()], [401, { error: "Invalid token" }]);
  socket.send({ action: "initialize", args: {} });
  const at = join(server.workspace, "classic");
  mkdirSync(join(at, "B"), { recursive: true });
  mkdirSync(join(at, "node_modules"));
  writeFileSync(join(at, "z"), "");
  await assertComes(() => classic("list-files?path=classic"), ["classic/B/", "classic/z"]);
  const save = await classic("save-file", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ filePath: "classic/saved", content: "no end of line" }),
  });
  assert.deepEqual([save.status, await save.json()], [200, { message: "File saved successfully" }]);
  assert.deepEqual(await (await classic("select-file?file=classic/saved")).json(), { code: "no end of line" });
  assert.equal((await classic("select-file?file=classic/none")).status, 500);
  assert.equal((await classic("select-file")).status, 422);
  const form = new FormData();
  form.append("files", new Blob(["x"]), "dir/na me$.txt");
  form.append("files", new Blob([zipOf("from-zip")]), "all.zip");
  const uploaded = await classic("upload-files", { method: "POST", body: form });
  assert.deepEqual(await uploaded.json(), {
    message: "File upload process completed",
    uploaded_files: ["name.txt", "all.zip"],
    skipped_files: [],
  });
  assert.deepEqual(
    ["name.txt", "from-zip", "all.zip"].map((name) => existsSync(join(server.workspace, name))),
    [true, true, false],
  );
  const zip = await classic("zip-directory");
  assert.equal(zip.headers.get("content-type"), "application/x-zip-compressed");
  assert.equal(zip.headers.get("content-disposition"), 'attachment; filename="workspace.zip"');
  await zip.body?.cancel();
  socket.close();
});

async function assertComes(request: () => Promise<Response>, wanted: unknown): Promise<void> {
  const until = performance.now() + 20_000;
  let got: unknown;
  do got = await (await request()).json();
  while (JSON.stringify(got) !== JSON.stringify(wanted) && performance.now() < until);
  assert.deepEqual(got, wanted);
}

async function tarOf(
  ...entries: readonly (readonly [Partial<TarHeader> & { name: string }, string])[]
): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content);
  tar.finalize();
  return buffer(tar);
}

/** A zip with one empty file of that name, built by hand because no tool creates the invalid ones. */
function zipOf(name: string): Buffer {
  const bytes = Buffer.from(name);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(bytes.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(20, 6);
  central.writeUInt16LE(bytes.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + bytes.length, 12);
  end.writeUInt32LE(30 + bytes.length, 16);
  return Buffer.concat([local, bytes, central, bytes, end]);
}
