/**
 * Which folder may import which, as data. A unit is a folder or a single file, and may always import itself. If a row names
 * a file, only that file may be imported: it is an interface, and its implementations are not visible.
 */
export interface Unit {
  /** The folder or file, from the root of the repository. */
  readonly path: string;
  /** Units, files, or `*` for everything in the repository. */
  readonly mayImport: readonly string[];
  /** What single files of the folder may import in addition. */
  readonly also?: Readonly<Record<string, string>>;
  /** npm packages; not checked if missing. */
  readonly packages?: readonly string[];
  /** Everything below this folder may import the unit without naming it in its own row. */
  readonly importableFrom?: string;
}

const protocol = "protocol";
const runtime = "server/src/runtime/runtime.ts";
const jobs = "server/src/runtime/jobs.ts";
const workspaces = "server/src/workspaces/workspaces.ts";
/** Which addresses are private is decided once, for commands and for `browse`. */
const hostRules = "server/src/runtime/network/policy/rules.ts";
const addresses = "server/src/runtime/network/policy/addresses.ts";

export const table: readonly Unit[] = [
  { path: protocol, mayImport: [], packages: ["zod"] },
  { path: "client", mayImport: [protocol], packages: [] },
  { path: "web", mayImport: ["client", protocol] },
  {
    path: "cli",
    mayImport: ["client", protocol],
    also: {
      "cli/src/commands/serve.ts": "server/src/main.ts",
      "cli/src/commands/replay.ts": "server/src/main.ts",
      "cli/src/commands/doctor.ts": "server/src/main.ts",
      "cli/src/settings-access.ts": "server/src/settings/open.ts",
    },
  },
  { path: "server/src/main.ts", mayImport: ["*"] },
  { path: "server/src/main", mayImport: ["*"] },
  {
    path: "server/src/http",
    mayImport: [
      "server/src/wire",
      "server/src/conversation",
      "server/src/files",
      "server/src/mcp/mcp.ts",
      runtime,
      protocol,
    ],
  },
  { path: "server/src/ws", mayImport: ["server/src/wire", "server/src/conversation", protocol] },
  { path: "server/src/wire", mayImport: ["server/src/conversation/api.ts", protocol] },
  {
    path: "server/src/conversation",
    mayImport: [
      "server/src/agent",
      "server/src/store/checkpoint-index.ts",
      "server/src/store/cost-store.ts",
      "server/src/store/event-store.ts",
      "server/src/store/rule-store.ts",
      "server/src/store/store.ts",
      "server/src/llm/model.ts",
      "server/src/tools/tool.ts",
      "server/src/mcp/mcp.ts",
      "server/src/mcp/call-tool.ts",
      "server/src/checkpoints/checkpoint-store.ts",
      runtime,
      jobs,
      workspaces,
      hostRules,
      protocol,
    ],
  },
  { path: "server/src/async", mayImport: [], packages: [], importableFrom: "server/src" },
  { path: "server/src/files", mayImport: [runtime, protocol] },
  {
    path: "server/src/replay",
    mayImport: [
      "server/src/conversation",
      "server/src/agent/hook-points.ts",
      "server/src/mcp/mcp.ts",
      "server/src/mcp/call-tool.ts",
      "server/src/store/store.ts",
      "server/src/llm/model.ts",
      "server/src/tools/tool.ts",
      runtime,
      "server/src/workspaces/fixed-workspace.ts",
      protocol,
    ],
  },
  {
    path: "server/src/workspaces",
    mayImport: [
      runtime,
      "server/src/runtime/runtime-options.ts",
      "server/src/runtime/sandbox/workspace-policy.ts",
      protocol,
    ],
  },
  { path: "server/src/checkpoints", mayImport: [runtime, protocol] },
  { path: "server/src/agent", mayImport: ["server/src/llm/model.ts", "server/src/tools", runtime, protocol] },
  { path: "server/src/tools", mayImport: [runtime, jobs, addresses, protocol] },
  { path: "server/src/llm", mayImport: [protocol] },
  { path: "server/src/store", mayImport: [protocol] },
  { path: "server/src/runtime", mayImport: [protocol] },
  { path: "server/src/config", mayImport: [protocol] },
  { path: "server/src/programs", mayImport: ["server/src/runtime/processes.ts"] },
  {
    path: "server/src/mcp",
    mayImport: ["server/src/programs", "server/src/tools/tool.ts", addresses, protocol],
  },
  {
    path: "server/src/hooks",
    mayImport: [
      "server/src/programs",
      "server/src/agent/hook-points.ts",
      "server/src/agent/approval/bash-parse.ts",
      "server/src/agent/approval/rules.ts",
      runtime,
      protocol,
    ],
  },
  { path: "server/src/settings", mayImport: ["server/src/config", protocol] },
  { path: "bench", mayImport: ["client", protocol] },
  {
    path: "test",
    mayImport: ["client", protocol],
    also: { "test/vocabulary/sample.ts": "web/src/i18n/en.ts" },
  },
  { path: "scripts", mayImport: [protocol, "server/src/config"] },
];

/** The workspaces by the name under which the others import them, and what they export. */
export const packages: Readonly<Record<string, string>> = {
  "@deckhand/protocol": "protocol/src/index.ts",
  "@deckhand/client": "client/src/index.ts",
  "@deckhand/server": "server/src/main.ts",
  "@deckhand/server/settings": "server/src/settings/open.ts",
};
