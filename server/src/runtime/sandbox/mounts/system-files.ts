/**
 * The read-only system inside: /usr with its symbolic links, and the few files of /etc that programs need. Files that
 * name users or the machine are replaced by our own, so that neither is revealed.
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

/**
 * Deliberately missing: shadow, ssl/private, ssh, sudoers, gitconfig, npmrc, pip.conf, bash.bashrc, profile.d,
 * machine-id, resolv.conf.
 */
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
  // Commits need a name, and files of the workspace may belong to a user who has no uid inside. A repository's own
  // settings win.
  gitconfig: "[user]\n\tname = agent\n\temail = agent@deckhand.invalid\n[safe]\n\tdirectory = *\n",
} as const;

const run = promisify(execFile);

/**
 * Returns a folder below `folder` with the visible part of /etc; built once for each state of the machine's /etc. A
 * copy, because each mount adds half a millisecond to the start of a sandbox, and because files that only root can read
 * are then missing in root's sandbox, too.
 */
export function prepareEtc(folder: string): Promise<string> {
  const running = preparing.get(folder);
  if (running !== undefined) return running;
  const built = buildEtc(folder).finally(() => preparing.delete(folder));
  preparing.set(folder, built);
  return built;
}

/** Builds in progress: on the very first start, the self-test and the first conversation need it at the same time. */
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
  const staging = await mkdtemp(join(folder, "staging-"));
  await chmod(staging, 0o755);
  for (const source of sources) {
    const name = source.slice(0, source.indexOf(" "));
    if (name.includes("/")) await mkdir(join(staging, dirname(name)), { recursive: true });
  }
  const paths = sources.map((source) => `./${source.slice(0, source.indexOf(" "))}`);
  // Symbolic links are copied as links, except for the named entries; what cannot be read is skipped silently.
  await run("cp", ["-aH", "--parents", ...paths, staging], { cwd: "/etc" }).catch(() => {});
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
  await run("find", [staging, "-mindepth", "1", ...closed, "-prune", "-exec", "rm", "-rf", "{}", "+"]);
  for (const [name, text] of Object.entries(own)) {
    await mkdir(dirname(join(staging, name)), { recursive: true });
    await writeFile(join(staging, name), text, { mode: 0o644 });
  }
  await rename(staging, ready).catch(async (error: unknown) => {
    // Another server may have built it meanwhile.
    await rm(staging, { recursive: true, force: true });
    if (kindOf(ready) !== "folder") throw error;
  });
  return ready;
}

/** `etc` is a folder from `prepareEtc`; a program that only reads files does not need it. */
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
