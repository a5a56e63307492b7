/**
 * Turns the tools of a server into what a model can be given: names that every provider accepts, and descriptions of bounded length,
 * which are untrusted. Tools that do not fit are excluded and counted.
 */
import { createHash } from "node:crypto";
import { escapeInvisible, type ServerTool } from "@deckhand/protocol";

/** As the server sends it. */
export interface ServedTool {
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
  /** Sorted by name. */
  readonly tools: readonly ListedTool[];
  readonly excluded: number;
}

/** What all servers together may add to each request: about 15,000 tokens. */
const max = { toolsOfServer: 64, tools: 128, chars: 60_000 } as const;
const descriptionChars = 1000;
const schemaChars = 8000;
const schemaDepth = 16;
/** OpenAI's limit, the lowest of all providers. */
const nameChars = 64;

export function toToolList(served: readonly ServedTool[], only: readonly string[] | undefined): ToolList {
  const wanted = served.filter(({ name }) => only === undefined || only.includes(name));
  const usable = wanted.flatMap((tool) => listedTool(tool) ?? []);
  const tools = [...new Map(usable.map((tool) => [tool.tool, tool])).values()]
    .toSorted((a, b) => (a.tool < b.tool ? -1 : 1))
    .slice(0, max.toolsOfServer);
  return { tools, excluded: wanted.length - tools.length };
}

function listedTool({ name, description = "", inputSchema, annotations }: ServedTool): ListedTool | undefined {
  const parameters = schemaOf(inputSchema);
  if (parameters === undefined || name === "" || name.length > 200) return undefined;
  return {
    tool: name,
    description: shortDescription(description),
    parameters,
    readOnly: annotations?.readOnlyHint === true,
  };
}

function shortDescription(description: string): string {
  const shown = escapeInvisible(description).trim();
  return shown.length <= descriptionChars ? shown : `${shown.slice(0, descriptionChars)} […]`;
}

/** Undefined for a schema that providers reject. */
function schemaOf(served: unknown): Record<string, unknown> | undefined {
  if (typeof served !== "object" || served === null || Array.isArray(served) || depthOf(served) > schemaDepth)
    return undefined;
  const { $schema: _, ...schema } = served as Record<string, unknown>;
  if (schema["type"] !== undefined && schema["type"] !== "object") return undefined;
  const properties = schema["properties"] ?? {};
  if (typeof properties !== "object" || Array.isArray(properties)) return undefined;
  const usable = { ...schema, type: "object", properties };
  const text = JSON.stringify(usable);
  if (text.length > schemaChars) return undefined;
  // Descriptions of arguments may hide characters, too.
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

/** Sorted, so that the same lists give the same bytes whatever order the servers started in. */
export function mergeToolLists(servers: readonly ToolsOfServer[]): {
  readonly tools: readonly ServerTool[];
  readonly excluded: number;
} {
  const all = servers
    .toSorted((a, b) => (a.server < b.server ? -1 : 1))
    .flatMap(({ server, tools }) => tools.map((tool) => ({ server, ...tool })));
  const names = new Set<string>();
  const merged: ServerTool[] = [];
  let chars = 0;
  for (const { server, tool, description, parameters } of all) {
    const name = nameOf(server, tool, names);
    const entry = { name, server, tool, description, parameters };
    chars += JSON.stringify(entry).length;
    if (merged.length >= max.tools || chars > max.chars) break;
    names.add(name);
    merged.push(entry);
  }
  return { tools: merged, excluded: all.length - merged.length };
}

function nameOf(server: string, tool: string, taken: ReadonlySet<string>): string {
  const plain = `${server}__${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  if (plain === `${server}__${tool}` && plain.length <= nameChars && !taken.has(plain)) return plain;
  const hash = createHash("sha256").update(`${server}\n${tool}`).digest("hex").slice(0, 8);
  return `${plain.slice(0, nameChars - 9)}_${hash}`;
}
