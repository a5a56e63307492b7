/**
 * Tools as a server describes them, made into what a model may be told: names that every provider takes, and bounded
 * descriptions, of which nobody knows what is in them. What does not fit is left out and counted.
 */
import { createHash } from "node:crypto";
import { escapeInvisible, type ServerTool } from "@deckhand/protocol";

/** As a server gives it. */
export interface GivenTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly annotations?: { readonly readOnlyHint?: boolean | undefined } | undefined;
}

export interface ListedTool {
  readonly tool: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  /** The server's own claim. */
  readonly readOnly: boolean;
}

export interface ToolList {
  /** By name. */
  readonly tools: readonly ListedTool[];
  readonly leftOut: number;
}

/** What all servers together may add to every request: some 15,000 tokens. */
const most = { toolsOfServer: 64, tools: 128, chars: 60_000 } as const;
const descriptionChars = 1000;
const schemaChars = 8000;
const schemaDepth = 16;
/** OpenAI's, the shortest of the providers. */
const nameChars = 64;

export function listed(given: readonly GivenTool[], only: readonly string[] | undefined): ToolList {
  const wanted = given.filter(({ name }) => only === undefined || only.includes(name));
  const usable = wanted.flatMap((tool) => listedTool(tool) ?? []);
  const tools = [...new Map(usable.map((tool) => [tool.tool, tool])).values()]
    .toSorted((a, b) => (a.tool < b.tool ? -1 : 1))
    .slice(0, most.toolsOfServer);
  return { tools, leftOut: wanted.length - tools.length };
}

function listedTool({ name, description = "", inputSchema, annotations }: GivenTool): ListedTool | undefined {
  const parameters = schemaOf(inputSchema);
  if (parameters === undefined || name === "" || name.length > 200) return undefined;
  return { tool: name, description: told(description), parameters, readOnly: annotations?.readOnlyHint === true };
}

function told(description: string): string {
  const shown = escapeInvisible(description).trim();
  return shown.length <= descriptionChars ? shown : `${shown.slice(0, descriptionChars)} […]`;
}

/** Undefined for one that no provider takes. */
function schemaOf(given: unknown): Record<string, unknown> | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given) || depthOf(given) > schemaDepth)
    return undefined;
  const { $schema: _, ...schema } = given as Record<string, unknown>;
  if (schema["type"] !== undefined && schema["type"] !== "object") return undefined;
  const properties = schema["properties"] ?? {};
  if (typeof properties !== "object" || Array.isArray(properties)) return undefined;
  const usable = { ...schema, type: "object", properties };
  const text = JSON.stringify(usable);
  if (text.length > schemaChars) return undefined;
  // What hides in a description of an argument is shown, too.
  return JSON.parse(escapeInvisible(text)) as Record<string, unknown>;
}

function depthOf(value: unknown, deep = 0): number {
  if (typeof value !== "object" || value === null || deep > schemaDepth) return deep;
  return Math.max(deep, ...Object.values(value).map((inner) => depthOf(inner, deep + 1)));
}

export interface ToolsOfServer {
  readonly server: string;
  readonly tools: readonly ListedTool[];
}

/** In one order, whatever order the servers came in; the same lists give the same bytes. */
export function offered(servers: readonly ToolsOfServer[]): {
  readonly tools: readonly ServerTool[];
  readonly leftOut: number;
} {
  const all = servers
    .toSorted((a, b) => (a.server < b.server ? -1 : 1))
    .flatMap(({ server, tools }) => tools.map((tool) => ({ server, ...tool })));
  const names = new Set<string>();
  const kept: ServerTool[] = [];
  let chars = 0;
  for (const { server, tool, description, parameters } of all) {
    const name = nameOf(server, tool, names);
    const entry = { name, server, tool, description, parameters };
    chars += JSON.stringify(entry).length;
    if (kept.length >= most.tools || chars > most.chars) break;
    names.add(name);
    kept.push(entry);
  }
  return { tools: kept, leftOut: all.length - kept.length };
}

function nameOf(server: string, tool: string, taken: ReadonlySet<string>): string {
  const plain = `${server}__${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  if (plain === `${server}__${tool}` && plain.length <= nameChars && !taken.has(plain)) return plain;
  const hash = createHash("sha256").update(`${server}\n${tool}`).digest("hex").slice(0, 8);
  return `${plain.slice(0, nameChars - 9)}_${hash}`;
}
