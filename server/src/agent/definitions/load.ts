/** The definitions that are shipped, and a person's own, which may replace them by name. */
import { readdirSync, readFileSync, type Dirent } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isDefinitionError, parseDefinition, type Definition } from "./definition.ts";

export const builtInDefinitions: readonly Definition[] = ["openhands", "deckhand"].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder))
    .toSorted()
    .map((file) => {
      const parsed = parseDefinition(readFileSync(join(import.meta.dirname, folder, file), "utf8"));
      if (isDefinitionError(parsed)) throw new Error(`${file}:${parsed.line}: ${parsed.reason}`);
      return parsed;
    }),
);

export interface Definitions {
  readonly definitions: readonly Definition[];
  /** What is wrong, a sentence each: `FILE:LINE: why`. */
  readonly errors: readonly string[];
}

/** More of either is no person's doing. */
const mostFiles = 100;
const mostBytes = 64 * 1024;

/**
 * The shipped ones and those of a folder of the user's own. A workspace's are never read: who writes there would say what an agent may
 * use. Of two files with one name the first by its file name counts.
 */
export async function loadDefinitions(folder: string): Promise<Definitions> {
  const own = new Map<string, Definition>();
  const flaws: string[] = [];
  const names = (await entriesOf(folder)).filter((entry) => entry.name.endsWith(".md")).map((entry) => entry.name);
  if (names.length > mostFiles) flaws.push(`${folder}: only the first ${mostFiles} definitions are read.`);
  for (const file of names.toSorted().slice(0, mostFiles)) {
    const path = join(folder, file);
    const parsed = await read(path);
    if (isDefinitionError(parsed)) flaws.push(`${path}:${parsed.line}: ${parsed.reason}`);
    else if (parsed.name === reserved) flaws.push(`${path}:2: name: ${reserved} is a script and cannot be replaced.`);
    else if (own.has(parsed.name)) flaws.push(`${path}:2: name: another file has defined ${parsed.name} already.`);
    else own.set(parsed.name, parsed);
  }
  return { definitions: [...builtInDefinitions.filter(({ name }) => !own.has(name)), ...own.values()], errors: flaws };
}

const reserved = "DummyAgent";

async function read(path: string): Promise<ReturnType<typeof parseDefinition>> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(mostBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > mostBytes) return { line: 1, reason: `It is larger than ${mostBytes / 1024} KiB.` };
    return parseDefinition(buffer.toString("utf8", 0, bytesRead));
  } catch (error) {
    return { line: 1, reason: `It cannot be read: ${(error as Error).message}` };
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
