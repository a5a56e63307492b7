/**
 * Network namespaces for sandboxes, each with nothing in it but its own loopback and a listening socket that the server holds (the door).
 * So there is no route out, no helper program inside and no Unix socket: whoever connects to the door inside has connected to the server.
 *
 *   bwrap (new network, lo up) ── node listen.child.js     listens, hands the socket over, ends
 *   server                                                keeps the namespace open by descriptor
 *   nsenter ── bwrap (the wall, without a network of its own) ── the conversation's commands
 *
 * For an ordinary user the namespace belongs to a user namespace of its own, which is entered with it; the wall's user namespaces are
 * below that one, so nobody inside has a right over the network. One namespace is kept ready, as it takes longer than a sandbox to make.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readlinkSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";

export const proxyPort = 3128;

export interface Namespace extends Disposable {
  /** Listens inside on 127.0.0.1:`proxyPort`. */
  readonly listener: Server;
  /** What goes in front of a command that is to run in it. Fails closed: where it cannot enter, the command does not run. */
  readonly enterArgv: readonly string[];
}

export interface NamespaceSource {
  /** Fails with a plain `Error` that says what is missing. */
  take(): Promise<Namespace>;
  prepare(): void;
}

const spareAfterMs = 300;
const deadlineMs = 10_000;
const child = join(import.meta.dirname, "listen.child.js");

export function namespaceSource(bwrap: () => string | undefined): NamespaceSource {
  let spare: Promise<Namespace> | undefined;
  const prepare = () => {
    const made = (spare ??= makeNamespace(bwrap()));
    made.catch(() => spare === made && (spare = undefined));
  };
  return {
    prepare,
    async take() {
      const namespace = spare ?? makeNamespace(bwrap());
      spare = undefined;
      // Not now, when a sandbox starts.
      setTimeout(prepare, spareAfterMs).unref();
      return namespace;
    },
  };
}

function makeNamespace(bwrap: string | undefined): Promise<Namespace> {
  if (bwrap === undefined) return Promise.reject(new Error("bwrap is not on the PATH"));
  const own = process.getuid?.() === 0 ? [] : ["--unshare-user"];
  const wall = [...own, "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/", "--"];
  const making = spawn(bwrap, [...wall, process.execPath, child, String(proxyPort)], {
    env: {},
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  let said = "";
  making.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(0, 2000)));
  return new Promise((resolve, reject) => {
    making.on("error", reject);
    making.on("exit", () => reject(new Error(said.trim() || "it ended at once")));
    making.once("message", (message, door) => {
      try {
        resolve(kept((message as { readonly pid: number }).pid, door as Server, own.length > 0));
      } catch (error) {
        reject(error);
      }
      making.disconnect();
    });
  });
}

/** The descriptors keep the namespaces when their only process has gone, and no other process can come to have their names. */
function kept(pid: number, door: Server, withUser: boolean): Namespace {
  const held: number[] = [];
  const hold = (name: string) => {
    const fd = openSync(`/proc/${pid}/ns/${name}`, "r");
    held.push(fd);
    if (readlinkSync(`/proc/self/fd/${fd}`) === readlinkSync(`/proc/self/ns/${name}`)) {
      throw new Error(`bwrap made no ${name} namespace`);
    }
    return `/proc/${process.pid}/fd/${fd}`;
  };
  const dispose = () => {
    door.close();
    for (const fd of held.splice(0)) closeSync(fd);
  };
  // Neither a spare nor a sandbox's door keeps the server alive.
  door.unref();
  try {
    const user = withUser ? [`--user=${hold("user")}`, "--preserve-credentials"] : [];
    return { listener: door, enterArgv: ["nsenter", ...user, `--net=${hold("net")}`, "--"], [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
