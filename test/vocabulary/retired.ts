/**
 * Words that this project used to have for things with a standard name, and turns of phrase that are not idiomatic
 * English. The glossary in docs/ARCHITECTURE.md has the terms to use.
 */
export interface RetiredWord {
  readonly word: string;
  /** What to write instead, for the failure message. */
  readonly use: string;
}

export interface RetiredPhrase {
  /** Must not match any comment, string or document. */
  readonly pattern: RegExp;
  readonly use: string;
}

export interface Quotation {
  /** A file, or a folder with everything in it, from the root of the repository. */
  readonly path: string;
  /** The retired words and matched phrases that may stay there; left out: all. */
  readonly words?: readonly string[];
  readonly why: string;
}

/** Compared with each word of an identifier (`keptAlive` is `kept`, `alive`) and of a file name. */
export const retiredWords: readonly RetiredWord[] = [
  { word: "apart", use: "isolated" },
  { word: "beside", use: "background, parallel" },
  { word: "birth", use: "spawn" },
  { word: "born", use: "spawned" },
  { word: "box", use: "sandbox, shell, process host" },
  { word: "boxed", use: "sandboxed" },
  { word: "boxes", use: "sandboxes" },
  { word: "circles", use: "loops, cycles" },
  { word: "deaf", use: "unsubscribed" },
  { word: "door", use: "access control, authorize; listener" },
  { word: "ear", use: "listener" },
  { word: "family", use: "subagents" },
  { word: "heard", use: "onEvent, received" },
  { word: "house", use: "repository, project" },
  { word: "keeper", use: "launcher, supervisor" },
  { word: "kept", use: "retained, stored, cached" },
  { word: "knowledge", use: "instructions" },
  { word: "lane", use: "channel, queue" },
  { word: "lanes", use: "channels, queues" },
  { word: "naps", use: "idle pause" },
  { word: "neighbour", use: "local peer" },
  { word: "neighbours", use: "local peers" },
  { word: "places", use: "workspaces" },
  { word: "saw", use: "onEvents, received" },
  { word: "seat", use: "stdio, attachment" },
  { word: "seats", use: "attachments" },
  { word: "told", use: "notified, reported" },
  { word: "wall", use: "sandbox" },
];

/** Names of web standards that contain a retired word. */
export const standardNames: ReadonlySet<string> = new Set(["boxShadow", "boxSizing", "fontFamily", "viewBox"]);

/** `mostBytes` is `maxBytes` in every other codebase. */
export const retiredPrefix = { pattern: /^most[A-Z]/, use: "max…" } as const;

export const retiredPhrases: readonly RetiredPhrase[] = [
  { pattern: /\bwhoever\b/i, use: "the client, the caller, a person: name the actor" },
  { pattern: /\b(?:for|to|of|from) who\b/i, use: "for clients that …" },
  { pattern: /\bthe house\b/i, use: "the repository" },
  { pattern: /\b(?:the|its|a|no|this) wall\b/i, use: "the sandbox" },
  { pattern: /\busual (?:workspace|model|agent)\b/i, use: "default" },
  { pattern: /\bis another\b[^.]{0,60}\bthan\b/i, use: "differs from, has changed since" },
  { pattern: /\ball the same\b/i, use: "anyway" },
  { pattern: /\bneighbours?\b/i, use: "local peer" },
  { pattern: /\bmend(?:ed|s)?\b/i, use: "fix" },
  { pattern: /\blies (?:in|beside|at|on|under)\b/i, use: "is in" },
  { pattern: /\bstands (?:in(?! for)|beside|at|on)\b/i, use: "is in" },
  { pattern: /\bthe dearest\b/i, use: "the most expensive" },
  { pattern: /\b(?:the original|the first) (?:server|protocol|client)s?\b/i, use: "OpenHands 0.9–0.14, or classic" },
  { pattern: /\bround in a circle\b/i, use: "stuck in a loop" },
];

export const quotations: readonly Quotation[] = [
  { path: "test/vocabulary", why: "the list itself" },
  { path: "test/vocabulary.test.ts", why: "plants retired words" },
  { path: "server/src/runtime/network", words: ["family"], why: "the address family of a socket" },
  { path: "server/src/runtime/sandbox/seccomp", words: ["family"], why: "the address family of a socket" },
  { path: "server/src/http/auth/authentication.test.ts", words: ["family"], why: "the address family of a socket" },
  { path: "protocol/src/state/upgrade.ts", words: ["told"], why: "a field of protocol 1.0.0" },
  { path: "protocol/src/state/upgrade.test.ts", words: ["told"], why: "a field of protocol 1.0.0" },
  { path: "test/fixtures", why: "recordings of other programs" },
];
