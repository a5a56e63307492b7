/**
 * Network namespaces for sandboxes. Each contains only its loopback interface and one listening socket, which the
 * server holds. There is no route out, no helper process inside and no Unix socket: a program that connects to the
 * listener is connected to the server.
 *
 *   bwrap (new network, lo up) ── node listen.child.js     listens, hands the socket over, exits
 *   server                                                 keeps the namespace open through a file descriptor
 *   nsenter ── bwrap (the sandbox, sharing that network) ── the conversation's commands
 *
 * If the server does not run as root, the namespace belongs to a user namespace of its own, which is entered along with
 * it; the sandbox's user namespaces are children of that one, so no process inside has privileges over the network. One
 * spare namespace is kept ready, because creating one takes longer than starting a sandbox.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readlinkSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";

export const proxyPort = 3128;

export interface Namespace extends Disposable {
  /** Listens inside on 127.0.0.1:`proxyPort`. */
  readonly listener: Server;
  /**
   * Command prefix that runs a program in the namespace. Fails closed: if it cannot enter, the program does not run.
   */
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
    const created = (spare ??= createNamespace(bwrap()));
    created.catch(() => spare === created && (spare = undefined));
  };
  return {
    prepare,
    async take() {
      const namespace = spare ?? createNamespace(bwrap());
      spare = undefined;
      // Delayed, so that it does not slow down the sandbox that is about to start.
      setTimeout(prepare, spareAfterMs).unref();
      return namespace;
    },
  };
}

function createNamespace(bwrap: string | undefined): Promise<Namespace> {
  if (bwrap === undefined) return Promise.reject(new Error("bubblewrap (bwrap) was not found on PATH."));
  const needsUserNamespace = process.getuid?.() !== 0;
  const options = [
    ...(needsUserNamespace ? ["--unshare-user"] : []),
    "--unshare-net",
    "--die-with-parent",
    "--dev-bind",
    "/",
    "/",
    "--",
  ];
  const creator = spawn(bwrap, [...options, process.execPath, child, String(proxyPort)], {
    env: {},
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  let stderr = "";
  creator.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(0, 2000)));
  return new Promise((resolve, reject) => {
    creator.on("error", reject);
    creator.on("exit", () => reject(new Error(stderr.trim() || "bwrap exited without an error message.")));
    creator.once("message", (message, listener) => {
      try {
        resolve(holdNamespace((message as { readonly pid: number }).pid, listener as Server, needsUserNamespace));
      } catch (error) {
        reject(error);
      }
      creator.disconnect();
    });
  });
}

/**
 * File descriptors keep the namespaces alive after their only process has exited, and, unlike its pid, cannot come to
 * mean others.
 */
function holdNamespace(pid: number, listener: Server, withUser: boolean): Namespace {
  const held: number[] = [];
  const hold = (name: string) => {
    const fd = openSync(`/proc/${pid}/ns/${name}`, "r");
    held.push(fd);
    if (readlinkSync(`/proc/self/fd/${fd}`) === readlinkSync(`/proc/self/ns/${name}`)) {
      throw new Error(`bwrap created no new ${name} namespace.`);
    }
    return `/proc/${process.pid}/fd/${fd}`;
  };
  const dispose = () => {
    listener.close();
    for (const fd of held.splice(0)) closeSync(fd);
  };
  // Listeners must not keep the server process alive.
  listener.unref();
  try {
    const user = withUser ? [`--user=${hold("user")}`, "--preserve-credentials"] : [];
    return { listener, enterArgv: ["nsenter", ...user, `--net=${hold("net")}`, "--"], [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
