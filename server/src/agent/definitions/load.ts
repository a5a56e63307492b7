/** The built-in definitions and the user's own, which can replace them by name. */
import { readdirSync, readFileSync, type Dirent } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseDefinition, type Definition, type ParsedDefinition } from "./definition.ts";

export const builtInDefinitions: readonly Definition[] = ["openhands", "deckhand"].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder))
    .toSorted()
    .map((file) => {
      const parsed = parseDefinition(readFileSync(join(import.meta.dirname, folder, file), "utf8"));
      if (parsed.type === "invalid") throw new Error(`${file}:${parsed.line}: ${parsed.reason}`);
      return parsed.definition;
    }),
);

export interface Definitions {
  readonly definitions: readonly Definition[];
  /** `FILE:LINE: reason` for each invalid definition. */
  readonly errors: readonly string[];
}

/** More than a person writes by hand. */
const maxFiles = 100;
const maxBytes = 64 * 1024;

/**
 * The built-in definitions and those in the user's folder. Definitions in a workspace are never read: its files are not
 * trusted, and a definition decides which tools an agent may use. Of two files with the same agent name, the first by
 * file name counts.
 */
export async function loadDefinitions(folder: string): Promise<Definitions> {
  const userDefinitions = new Map<string, Definition>();
  const errors: string[] = [];
  const names = (await entriesOf(folder)).filter((entry) => entry.name.endsWith(".md")).map((entry) => entry.name);
  if (names.length > maxFiles) errors.push(`${folder}: only the first ${maxFiles} definitions are used.`);
  for (const file of names.toSorted().slice(0, maxFiles)) {
    const path = join(folder, file);
    const parsed = await read(path);
    if (parsed.type === "invalid") {
      errors.push(`${path}:${parsed.line}: ${parsed.reason}`);
      continue;
    }
    const { name } = parsed.definition;
    if (name === reserved) errors.push(`${path}:2: name: ${reserved} is built in and cannot be replaced.`);
    else if (userDefinitions.has(name)) errors.push(`${path}:2: name: ${name} is already defined in another file.`);
    else userDefinitions.set(name, parsed.definition);
  }
  const notReplaced = builtInDefinitions.filter(({ name }) => !userDefinitions.has(name));
  return { definitions: [...notReplaced, ...userDefinitions.values()], errors };
}

const reserved = "DummyAgent";

async function read(path: string): Promise<ParsedDefinition> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(maxBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxBytes)
      return { type: "invalid", line: 1, reason: `The file is larger than ${maxBytes / 1024} KiB.` };
    return parseDefinition(buffer.toString("utf8", 0, bytesRead));
  } catch (error) {
    return { type: "invalid", line: 1, reason: `Cannot read the file: ${(error as Error).message}` };
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
