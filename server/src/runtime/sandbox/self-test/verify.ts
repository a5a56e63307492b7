/** Decides whether commands may run: runs the self-test for each kind of workspace owner and remembers the result. */
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationNetwork } from "../../network/conversation-network.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import type { RuntimeStatus } from "../../runtime.ts";
import type { Limiter } from "../limits/limit-enforcer.ts";
import { createCommondirGuard } from "../mounts/commondir-guard.ts";
import { conversationMounts } from "../mounts/mounts.ts";
import { disabledBecause, isRootOutside, openSandbox, type Owner } from "../sandbox.ts";
import { runSelfTest } from "./self-test.ts";

/** Owner of the workspace in the self-test when the server is root: nobody. */
const nobody = { uid: 65_534, gid: 65_534 };

/** Commands run as the server's user, or as the owner of the workspace. */
type OwnerKind = "server" | "owner";

export interface VerifierOptions {
  readonly runtime: RuntimeOptions;
  readonly limiter: Limiter;
  readonly newNetwork: () => ConversationNetwork | undefined;
  readonly onVerified: () => void;
}

export class SandboxVerifier {
  readonly #options: VerifierOptions;
  readonly #results = new Map<OwnerKind, Promise<RuntimeStatus>>();
  /** The kinds for which the last self-test failed. */
  readonly #failed = new Set<OwnerKind>();

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /**
   * A sandbox that passed is trusted from then on. One that failed is tested again, because people install what was
   * missing.
   */
  verify(owner: Owner): Promise<RuntimeStatus> {
    const kind = kindOf(owner);
    const known = this.#results.get(kind);
    if (known !== undefined) return known;
    const result = testSandbox(this.#options, owner === undefined ? undefined : nobody);
    this.#results.set(kind, result);
    void result.then(({ proven }) => {
      if (proven) {
        this.#failed.delete(kind);
        this.#options.onVerified();
      } else {
        this.#results.delete(kind);
        this.#failed.add(kind);
      }
    });
    return result;
  }

  /** Fails with `sandbox_unavailable` unless the sandbox is verified for such an owner. */
  async require(owner: Owner): Promise<void> {
    const { proven, sentence } = await this.verify(owner);
    if (!proven) throw new DeckhandError("sandbox_unavailable", sentence);
  }

  hasFailed(owner: Owner): boolean {
    return this.#failed.has(kindOf(owner));
  }
}

function kindOf(owner: Owner): OwnerKind {
  return owner === undefined ? "server" : "owner";
}

async function testSandbox(options: VerifierOptions, owner: Owner): Promise<RuntimeStatus> {
  const kind = "bubblewrap";
  const network = options.newNetwork();
  try {
    const sandbox = await openSandbox(options.runtime, owner);
    const enterNetwork = (await network?.enterArgv()) ?? [];
    const { checks, untried, stderr } = await runSelfTest({
      ...options.runtime,
      ...(owner === undefined ? {} : { owner }),
      isRootOutside: isRootOutside(owner),
      limiter: options.limiter,
      hasProxy: network !== undefined,
      async command(folders, command, memoryBytes) {
        const guards = await sandbox.workspaceGuards(folders.workspace);
        const placed = await createCommondirGuard().place(folders.workspace, guards.commondirs);
        const untrusted = [...guards.mounts, ...placed.mounts];
        const place = { ...conversationMounts(folders), untrusted, memoryBytes, cwd: folders.workspace, enterNetwork };
        return sandbox.command(place, command);
      },
    });
    const triedAt = new Date().toISOString();
    const broken = checks.filter(({ held }) => !held);
    if (broken.length === 0) {
      const sentence = `Commands run in a bubblewrap sandbox that passed all ${checks.length} escape checks.`;
      return { kind, proven: true, sentence, checks, untried, triedAt };
    }
    const failures = broken.map(({ name, controlled, control }) => (controlled ? name : `${name} (not: ${control})`));
    const why =
      stderr === "" ? `the sandbox let through: ${failures.join("; ")}.` : `bubblewrap does not work here: ${stderr}`;
    return { kind, proven: false, sentence: disabledBecause(why), checks, untried, triedAt };
  } catch (error) {
    const sentence = error instanceof DeckhandError ? error.message : disabledBecause((error as Error).message);
    return { kind, proven: false, sentence, checks: [], untried: [], triedAt: new Date().toISOString() };
  } finally {
    await network?.[Symbol.asyncDispose]();
  }
}
