/**
 * Which user of this machine is at the other end of a loopback connection. Linux lists both ends of it in
 * /proc/net/tcp and /proc/net/tcp6 (proc_pid_net(5)); the client's end has the owner's uid.
 *
 * Only a line with an inode counts: once a process has closed its socket the kernel keeps the connection for a while as
 * an orphan, with inode 0 and **uid 0**. Whoever sent a request and closed at once would otherwise pass for root.
 * The kernel walks its table in pieces and can miss a line that moves meanwhile, so a miss is looked up again.
 */
import { readFile } from "node:fs/promises";
import { isIPv6, type Socket } from "node:net";
import { endianness } from "node:os";

const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
const lookups = 3;
/** What the kernel shows for users whom it cannot name in this user namespace: not a proof of anything. */
const overflowUid = 65_534;

const known = new WeakMap<Socket, Promise<number | undefined>>();

/** The owner's uid, undefined where it is not known; asked once per connection. */
export function peerUid(socket: Socket): Promise<number | undefined> {
  let uid = known.get(socket);
  if (uid === undefined) {
    uid = lookUp(socket);
    known.set(socket, uid);
  }
  return uid;
}

/** True when the peer is a process of the user that this process runs as. */
export async function isSameUser(socket: Socket): Promise<boolean> {
  const own = process.getuid?.();
  return own !== undefined && own !== overflowUid && (await peerUid(socket)) === own;
}

async function lookUp(socket: Socket): Promise<number | undefined> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  const local = tableAddress(remoteAddress, remotePort ?? 0);
  const remote = tableAddress(localAddress, localPort ?? 0);
  for (let lookup = 0; lookup < lookups; lookup += 1) {
    for (const table of tables) {
      const text = await readFile(table, "latin1").catch(() => "");
      const uid = findUid(text, local, remote);
      if (uid !== undefined) return uid;
    }
  }
  return undefined;
}

/**
 * The uid of the socket whose own end is `local` and whose peer is `remote`, in the text of one table.
 * Columns: sl local rem st tx:rx tr:when retrnsmt uid timeout inode.
 */
export function findUid(table: string, local: string, remote: string): number | undefined {
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 10 || columns[9] === "0") continue;
    if (plain(columns[1] ?? "") === local && plain(columns[2] ?? "") === remote) return Number(columns[7]);
  }
  return undefined;
}

/** `address:port` as the tables have it: words of the address in the machine's byte order; IPv4-mapped as IPv4. */
export function tableAddress(address: string, port: number): string {
  const bytes = isIPv6(address) ? ipv6Bytes(address) : address.split(".").map(Number);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    if (endianness() === "LE") word.reverse();
    words.push(word.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return plain(`${words.join("")}:${port.toString(16).padStart(4, "0")}`.toUpperCase());
}

const mappedPrefix = `${"0".repeat(16)}${endianness() === "LE" ? "FFFF0000" : "0000FFFF"}`;

function plain(entry: string): string {
  return entry.length === 37 && entry.startsWith(mappedPrefix) ? entry.slice(24) : entry;
}

function ipv6Bytes(address: string): number[] {
  const bare = (address.split("%", 1)[0] ?? "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail] = bare.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}
