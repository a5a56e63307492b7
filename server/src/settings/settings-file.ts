/**
 * `DECKHAND_HOME/settings.json`: `{"version": 1, …sections}`, readable by its owner only (0600). It is written to a
 * temporary file and renamed, so that readers never see half of it. An invalid section is reported with the path of the
 * mistake and ignored; the other sections apply.
 */
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import {
  DeckhandError,
  sectionNames,
  settingsSections,
  type ServerSettings,
  type SettingsProblem,
  type SettingsSection,
} from "@deckhand/protocol";
import { isObject } from "./merge-patch.ts";

const version = 1;
/** Twenty MCP servers and eighty hooks stay far below this. The bound keeps a huge file from being read into memory. */
const maxBytes = 1024 * 1024;

export interface SavedSettings {
  readonly settings: ServerSettings;
  readonly problems: readonly SettingsProblem[];
}

/** Never fails: whatever is wrong with the file is in `problems`. */
export async function readSettings(file: string): Promise<SavedSettings> {
  let text: string;
  try {
    text = await readBounded(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { settings: {}, problems: [] };
    return broken(`Cannot be read (${code ?? (error as Error).message}).`);
  }
  try {
    return parseSettings(JSON.parse(text));
  } catch (error) {
    // The parser's message quotes the text at that position, which may be a key.
    const where = /position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0];
    return broken(`Invalid JSON${where === undefined ? "" : ` at ${where}`}.`);
  }
}

export function parseSettings(value: unknown): SavedSettings {
  if (!isObject(value)) return broken("Expected a JSON object.");
  if (value["version"] !== version) return broken(`Expected "version": ${version}.`);
  const settings: Partial<Record<SettingsSection, unknown>> = {};
  const problems: SettingsProblem[] = [];
  for (const [section, content] of Object.entries(value)) {
    if (section === "version") continue;
    if (!isSection(section)) {
      problems.push({ section, problem: `Unknown section. Sections are ${sectionNames.join(", ")}.` });
      continue;
    }
    const parsed = settingsSections[section].safeParse(content);
    if (parsed.success) settings[section] = parsed.data;
    else problems.push({ section, problem: describeIssues(section, parsed.error.issues) });
  }
  return { settings: settings as ServerSettings, problems };
}

/** Fails with `bad_args` and the path of each mistake. */
export function checkedSection(section: SettingsSection, content: unknown): unknown {
  const parsed = settingsSections[section].safeParse(content);
  if (parsed.success) return parsed.data;
  throw new DeckhandError("bad_args", describeIssues(section, parsed.error.issues));
}

export function isSection(name: string): name is SettingsSection {
  return Object.hasOwn(settingsSections, name);
}

/** Fails with `store_failed` and leaves the file unchanged. */
export async function writeSettings(file: string, settings: ServerSettings): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await using handle = await open(draft, "wx", 0o600);
    await handle.writeFile(`${JSON.stringify({ version, ...settings }, null, 2)}\n`);
    await handle.sync();
    await rename(draft, file);
    await using folder = await open(dirname(file), "r");
    await folder.sync();
  } catch (cause) {
    await rm(draft, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    throw new DeckhandError("store_failed", `The settings could not be saved (${code ?? "unknown"}).`, { cause });
  }
}

async function readBounded(file: string): Promise<string> {
  await using handle = await open(file, "r");
  const { size } = await handle.stat();
  if (size > maxBytes) throw new Error("larger than 1 MiB");
  return await readFile(handle, "utf8");
}

function broken(problem: string): SavedSettings {
  return { settings: {}, problems: [{ problem }] };
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
  /** The mistakes in an invalid key. */
  readonly issues?: readonly Issue[];
}

/** Does not quote values, which may be secrets. */
function describeIssues(section: string, issues: readonly Issue[]): string {
  return issues
    .flatMap((issue) => closest(issue))
    .slice(0, 5)
    .map(({ path, message }) => `${[section, ...path.map(String)].join(".")}: ${message}`)
    .join("; ");
}

/** For a union, the mistakes in the variant that comes closest. */
function closest(issue: Issue): readonly Issue[] {
  if (issue.code === "invalid_key") return (issue.issues ?? []).map(({ message }) => ({ path: issue.path, message }));
  const [best] = (issue.errors ?? []).toSorted((a, b) => closeness(b) - closeness(a) || a.length - b.length);
  if (issue.code !== "invalid_union" || best === undefined) return [issue];
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** A variant that does not even know the keys is further away than one with wrong values. */
function closeness(issues: readonly Issue[]): number {
  return issues.some(({ code, path }) => path.length === 0 && code === "unrecognized_keys") ? -1 : 0;
}
