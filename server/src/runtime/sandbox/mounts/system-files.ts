/**
 * What of the system is shown inside, read-only: /usr with its links, and the few files of /etc that programs ask for. Files that
 * name users or the machine are our own, so that nothing is told about either.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, readlinkSync, statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { supervisorPath, supervisorPathInSandbox } from "../../shell/shell-protocol.ts";
import type { Mount } from "./mounts.ts";

const topFolders = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Not here on purpose: shadow, ssl/private, ssh, sudoers, gitconfig, npmrc, pip.conf, bash.bashrc, profile.d, machine-id, resolv.conf. */
const fromEtc = [
  "ImageMagick-6",
  "ImageMagick-7",
  "R",
  "alternatives",
  "ca-certificates",
  "ca-certificates.conf",
  "debian_version",
  "fonts",
  "java",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "locale.alias",
  "localtime",
  "lsb-release",
  "magic",
  "magic.mime",
  "mailcap",
  "mime.types",
  "os-release",
  "papersize",
  "perl",
  "pki/ca-trust/extracted",
  "pki/tls/certs",
  "pki/tls/openssl.cnf",
  "protocols",
  "rpc",
  "services",
  "sgml",
  "shells",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
  "xml",
] as const;
const fromEtcByStart = ["java-", "php", "python", "ruby", "texmf"] as const;

const ownFiles = {
  passwd:
    "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n" +
    "agent:x:1000:1000:agent:/home/agent:/bin/bash\n" +
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  group: "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
  hosts: "127.0.0.1 localhost deckhand\n::1 localhost ip6-localhost\n",
  hostname: "deckhand\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
  // Commits need a name, and what is in the workspace may belong to somebody who has no number inside. A repository's own settings win.
  gitconfig: "[user]\n\tname = agent\n\temail = agent@deckhand.invalid\n[safe]\n\tdirectory = *\n",
} as const;

const run = promisify(execFile);

/**
 * A folder below `folder` with all of /etc that is shown; made once for every state of the machine's. A copy, because each mount costs
 * a sandbox's start half a millisecond, and because what only root may read is then left out for root's sandbox too.
 */
export function prepareEtc(folder: string): Promise<string> {
  const now = preparing.get(folder);
  if (now !== undefined) return now;
  const made = buildEtc(folder).finally(() => preparing.delete(folder));
  preparing.set(folder, made);
  return made;
}

/** Those that are being made: at the first start of all, the proof and the first conversation want it at once. */
const preparing = new Map<string, Promise<string>>();

async function buildEtc(folder: string): Promise<string> {
  const names = await readdir("/etc");
  const wanted = [...fromEtc, ...names.filter((name) => fromEtcByStart.some((start) => name.startsWith(start)))];
  const sources = wanted.flatMap((name) => {
    const found = statSync(join("/etc", name), { throwIfNoEntry: false });
    return found === undefined ? [] : [`${name} ${found.ino} ${found.size} ${found.mtimeMs}`];
  });
  const own = { ...ownFiles, [relative("/etc", supervisorPathInSandbox)]: await readFile(supervisorPath, "utf8") };
  const state = createHash("sha256")
    .update(JSON.stringify([sources, own]))
    .digest("hex")
    .slice(0, 16);
  const ready = join(folder, `etc-${state}`);
  if (kindOf(ready) === "folder") return ready;

  await mkdir(folder, { recursive: true, mode: 0o700 });
  const making = await mkdtemp(join(folder, "making-"));
  await chmod(making, 0o755);
  for (const source of sources) {
    const name = source.slice(0, source.indexOf(" "));
    if (name.includes("/")) await mkdir(join(making, dirname(name)), { recursive: true });
  }
  const paths = sources.map((source) => `./${source.slice(0, source.indexOf(" "))}`);
  // Links are copied as links, but for those named; what cannot be read is missed without a word.
  await run("cp", ["-aH", "--parents", ...paths, making], { cwd: "/etc" }).catch(() => {});
  const closed = [
    "(",
    "-type",
    "d",
    "-not",
    "-perm",
    "-o=rx",
    "-o",
    "-not",
    "-type",
    "l",
    "-not",
    "-perm",
    "-o=r",
    ")",
  ];
  await run("find", [making, "-mindepth", "1", ...closed, "-prune", "-exec", "rm", "-rf", "{}", "+"]);
  for (const [name, text] of Object.entries(own)) {
    await mkdir(dirname(join(making, name)), { recursive: true });
    await writeFile(join(making, name), text, { mode: 0o644 });
  }
  await rename(making, ready).catch(async (error: unknown) => {
    // Somebody else was as quick.
    await rm(making, { recursive: true, force: true });
    if (kindOf(ready) !== "folder") throw error;
  });
  return ready;
}

/** `etc` is a folder of `preparedEtc`; a program that only reads files can do without. */
export function systemMounts(etc?: string): Mount[] {
  const mounts: Mount[] = [
    { type: "read", from: "/usr", to: "/usr" },
    ...(etc === undefined ? [] : [{ type: "read", from: etc, to: "/etc" } as const]),
  ];
  for (const path of topFolders) {
    const kind = kindOf(path);
    if (kind === "link") mounts.push({ type: "link", target: readlinkSync(path), to: path });
    if (kind === "folder") mounts.push({ type: "read", from: path, to: path });
  }
  return mounts;
}

function kindOf(path: string): "link" | "folder" | "file" | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isSymbolicLink() ? "link" : found.isDirectory() ? "folder" : "file";
}
