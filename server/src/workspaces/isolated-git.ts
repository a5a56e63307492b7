/**
 * git as the server itself runs it: isolated in its own sandbox, and ignoring everything that a repository's or the
 * machine's configuration would have it run. Source: git-config(1), git(1) of 2.39.
 */
import { DeckhandError } from "@deckhand/protocol";
import type { IsolatedProgram, RuntimeFactory } from "../runtime/runtime.ts";

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
  // Every address goes through the sandbox's proxy, which refuses private ones.
  NO_PROXY: "",
  no_proxy: "",
  LC_ALL: "C",
};

export interface GitRun extends Pick<IsolatedProgram, "folders" | "cwd" | "onStderr" | "allowedHosts"> {
  readonly args: readonly string[];
  /** Transport protocols that git may use; none by default. */
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

const maxStdoutBytes = 64 * 1024;
const maxStderrChars = 16 * 1024;

/** A failure of git itself is a result. Fails with `sandbox_unavailable` and `interrupted`. */
export async function isolatedGit(
  runtimes: Pick<RuntimeFactory, "runIsolated">,
  { args, protocols = [], settings: extraSettings, ...where }: GitRun,
  signal: AbortSignal,
): Promise<GitResult> {
  const allowed = Object.fromEntries(protocols.map((name) => [`protocol.${name}.allow`, "always"]));
  const options = Object.entries({ ...settings, ...allowed, ...extraSettings }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  let stderr = "";
  const { stdout, exitCode } = await runtimes.runIsolated(
    {
      ...where,
      onStderr: (text) => {
        // Long progress output comes first, the error comes last.
        stderr = (stderr + text).slice(-maxStderrChars);
        where.onStderr?.(text);
      },
      argv: ["git", ...options, ...args],
      // Takes precedence over every setting. An empty value would mean "no restriction"; "none" is not a protocol.
      env: { ...environment, GIT_ALLOW_PROTOCOL: protocols.length === 0 ? "none" : protocols.join(":") },
    },
    maxStdoutBytes,
    signal,
  );
  return { ok: exitCode === 0, stdout: Buffer.from(stdout).toString("utf8"), stderr };
}

const adviceByError: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /could not read Username|Authentication failed|returned error: 401|terminal prompts disabled/,
    "The repository does not exist or requires a login. Deckhand passes no credentials to git: clone the repository yourself and pass its folder or repository.",
  ],
  [
    /Remote branch .* not found|couldn't find remote ref|not our ref|invalid reference|did not match any/,
    "The repository has no such branch, tag or commit.",
  ],
  [/No space left|Disk quota/, "The disk is full."],
  [
    /Could not resolve|Failed to connect|CONNECT tunnel failed|returned error: 403/,
    "The address cannot be reached from here. DECKHAND_NETWORK and DECKHAND_NETWORK_ALLOW define what can be reached.",
  ],
];

/** `workspace_failed` with git's last error line and, for known errors, what to do about it. */
export function gitFailure(what: string, stderr: string): DeckhandError {
  const lastError = stderr
    .split(/[\r\n]+/)
    .findLast((line) => /^(fatal|error|remote):/.test(line))
    ?.replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd")
    .slice(0, 300);
  const advice = adviceByError.find(([pattern]) => pattern.test(stderr))?.[1];
  const sentences = [`${what} failed.`, ...(advice === undefined ? [] : [advice])];
  return new DeckhandError("workspace_failed", `${sentences.join(" ")} Output of git: ${lastError ?? "none"}`);
}
