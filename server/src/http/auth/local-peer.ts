/**
 * Finds which local user owns the other end of a loopback connection. Linux lists both ends in /proc/net/tcp and
 * /proc/net/tcp6 (proc_pid_net(5)); the entry of the client's end carries the owner's uid.
 *
 * Only entries with an inode count: after a process has closed its socket, the kernel keeps the connection for a while
 * as an orphan with inode 0 and **uid 0**, so a client that sends a request and closes at once would pass for root. The
 * kernel reads its table in pieces and can miss an entry that moves meanwhile, so a failed lookup is repeated.
 */
import { readFile } from "node:fs/promises";
import { isIPv6, type Socket } from "node:net";
import { endianness } from "node:os";

const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
const maxAttempts = 3;
/** The kernel reports this uid for every user that is not mapped into our user namespace, so it proves nothing. */
const overflowUid = 65_534;

const uids = new WeakMap<Socket, Promise<number | undefined>>();

/** The owner's uid, or undefined if it cannot be found. Looked up once per connection. */
export function peerUid(socket: Socket): Promise<number | undefined> {
  let uid = uids.get(socket);
  if (uid === undefined) {
    uid = lookUp(socket);
    uids.set(socket, uid);
  }
  return uid;
}

/** True if the peer is a process of the same user as this process. */
export async function isSameUser(socket: Socket): Promise<boolean> {
  const own = process.getuid?.();
  return own !== undefined && own !== overflowUid && (await peerUid(socket)) === own;
}

async function lookUp(socket: Socket): Promise<number | undefined> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  const local = tableAddress(remoteAddress, remotePort ?? 0);
  const remote = tableAddress(localAddress, localPort ?? 0);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    for (const table of tables) {
      const text = await readFile(table, "latin1").catch(() => "");
      const uid = findUid(text, local, remote);
      if (uid !== undefined) return uid;
    }
  }
  return undefined;
}

/**
 * The uid of the socket with this local and this remote address in the text of one table.
 * Columns: sl local rem st tx:rx tr:when retrnsmt uid timeout inode.
 */
export function findUid(table: string, local: string, remote: string): number | undefined {
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 10 || columns[9] === "0") continue;
    if (unmapped(columns[1] ?? "") === local && unmapped(columns[2] ?? "") === remote) return Number(columns[7]);
  }
  return undefined;
}

/** `address:port` in the tables' notation: address words in host byte order, IPv4-mapped addresses as IPv4. */
export function tableAddress(address: string, port: number): string {
  const bytes = isIPv6(address) ? ipv6Bytes(address) : address.split(".").map(Number);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    if (endianness() === "LE") word.reverse();
    words.push(word.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return unmapped(`${words.join("")}:${port.toString(16).padStart(4, "0")}`.toUpperCase());
}

const mappedPrefix = `${"0".repeat(16)}${endianness() === "LE" ? "FFFF0000" : "0000FFFF"}`;

function unmapped(entry: string): string {
  return entry.length === 37 && entry.startsWith(mappedPrefix) ? entry.slice(24) : entry;
}

function ipv6Bytes(address: string): number[] {
  const numeric = (address.split("%", 1)[0] ?? "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail] = numeric.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}
