/** Listening TCP ports of a network namespace, read from /proc outside of it: proc(5), `/proc/net/tcp`. */
import { readFileSync } from "node:fs";
import type { OpenPort } from "../network.ts";

const listening = "0A";
/** No legitimate program has a longer table; the rest is ignored. */
const maxLines = 5000;

/** Sorted ports of the namespace of process `pid`; empty if the process has ended. */
export function listeningPorts(pid: number): readonly OpenPort[] {
  const found = new Map<number, OpenPort>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of read(`/proc/${pid}/net/${table}`).split("\n", maxLines).slice(1)) {
      const [, local = "", , state] = line.trim().split(/\s+/);
      const [address = "", hexPort = ""] = local.split(":");
      if (state !== listening) continue;
      const port = Number.parseInt(hexPort, 16);
      const loopback =
        /^(.{6}7F|0{24}01000000|0{16}FFFF0{4}.{6}7F)$/i.test(address) && found.get(port)?.loopback !== false;
      found.set(port, { port, loopback });
    }
  }
  return [...found.values()].toSorted((a, b) => a.port - b.port);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
