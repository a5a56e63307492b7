/**
 * What of the system is shown inside, read-only: /usr with its links, and the few files of /etc that programs ask for. Files that
 * name users or the machine are our own, so that nothing is told about either.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

/** `folder` is where our own files of /etc are kept; they are written when they differ. */
export function systemMounts(folder: string, etcNames: readonly string[]): Mount[] {
  const mounts: Mount[] = [{ how: "read", from: "/usr", to: "/usr" }];
  for (const path of topFolders) {
    const kind = kindOf(path);
    if (kind === "link") mounts.push({ how: "link", target: readlinkSync(path), to: path });
    if (kind === "folder") mounts.push({ how: "read", from: path, to: path });
  }
  const names = [...fromEtc, ...etcNames.filter((name) => fromEtcByStart.some((start) => name.startsWith(start)))];
  for (const name of names) {
    const path = join("/etc", name);
    if (kindOf(path) !== undefined) mounts.push({ how: "read", from: path, to: path });
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(ownFiles)) {
    const path = join(folder, name);
    if (read(path) !== text) writeFileSync(path, text);
    mounts.push({ how: "read", from: path, to: join("/etc", name) });
  }
  return mounts;
}

function kindOf(path: string): "link" | "folder" | "file" | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isSymbolicLink() ? "link" : found.isDirectory() ? "folder" : "file";
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
