/**
 * git as the server itself runs it: apart, behind a wall, and deaf to what a repository's or a machine's settings would have it run.
 * Source: git-config(1), git(1) of 2.39.
 */
import { DeckhandError } from "@deckhand/protocol";
import type { ApartProgram, RuntimeFactory } from "../runtime/runtime.ts";

const settings = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.pager": "cat",
  "core.askPass": "/bin/false",
  "core.sshCommand": "/bin/false",
  "credential.helper": "",
  "submodule.recurse": "false",
  "fetch.recurseSubmodules": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "protocol.allow": "never",
} as const;

const environment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_PROTOCOL_FROM_USER: "0",
  GIT_ATTR_NOSYSTEM: "1",
  // The way out of a sandbox is its proxy, whatever the address: what is private is refused there.
  NO_PROXY: "",
  no_proxy: "",
  LC_ALL: "C",
};

export interface GitRun extends Pick<ApartProgram, "folders" | "cwd" | "onStderr" | "reaches"> {
  readonly args: readonly string[];
  /** Protocols that it may speak; none by default. */
  readonly protocols?: readonly ("file" | "http" | "https")[];
  readonly settings?: Readonly<Record<string, string>>;
}

export interface GitResult {
  readonly ok: boolean;
  /** The first 64 KiB. */
  readonly stdout: string;
  /** The last 16 KiB. */
  readonly stderr: string;
}

const maxBytes = 64 * 1024;
const maxErrChars = 16 * 1024;

/** Fails with `sandbox_unavailable` and `interrupted`; a git that fails is a result. */
export async function isolatedGit(
  runtimes: Pick<RuntimeFactory, "runApart">,
  { args, protocols: speaks = [], settings: more, ...where }: GitRun,
  signal: AbortSignal,
): Promise<GitResult> {
  const spoken = Object.fromEntries(speaks.map((name) => [`protocol.${name}.allow`, "always"]));
  const given = Object.entries({ ...settings, ...spoken, ...more }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  let last = "";
  const { stdout, exitCode } = await runtimes.runApart(
    {
      ...where,
      onStderr: (text) => {
        // Its progress comes first and is long; what went wrong comes last.
        last = (last + text).slice(-maxErrChars);
        where.onStderr?.(text);
      },
      argv: ["git", ...given, ...args],
      // Stronger than any setting. An empty list would be none at all: "none" is no protocol.
      env: { ...environment, GIT_ALLOW_PROTOCOL: speaks.length === 0 ? "none" : speaks.join(":") },
    },
    maxBytes,
    signal,
  );
  return { ok: exitCode === 0, stdout: Buffer.from(stdout).toString("utf8"), stderr: last };
}

/** What git said when a workspace could not be made, as a sentence of what to do. The code is the same for all. */
export function gitFailure(what: string, stderr: string): DeckhandError {
  const last = stderr
    .split(/[\r\n]+/)
    .findLast((line) => /^(fatal|error|remote):/.test(line))
    ?.replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd")
    .slice(0, 300);
  const advice = /could not read Username|Authentication failed|returned error: 401|terminal prompts disabled/.test(
    stderr,
  )
    ? " It is not there, or wants a login, and logins are not handed to git here: clone it yourself and give its folder or repository."
    : /Remote branch .* not found|couldn't find remote ref|not our ref|invalid reference|did not match any/.test(stderr)
      ? " There is no such branch, tag or commit in it."
      : /No space left|Disk quota/.test(stderr)
        ? " The disk is full."
        : /Could not resolve|Failed to connect|CONNECT tunnel failed|returned error: 403/.test(stderr)
          ? " It may not be reached from here: DECKHAND_NETWORK and DECKHAND_NETWORK_ALLOW say what may."
          : "";
  return new DeckhandError("workspace_failed", `${what} failed.${advice} git said: ${last ?? "nothing"}`);
}
