/**
 * `DECKHAND_HOME/settings.json`: `{"version": 1, …sections}`, closed to others (0600). Written beside and renamed, so that
 * nobody reads half of it. A section that does not fit is told with its path and is not used; the others are.
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
/** Twenty servers and eighty hooks are far below this; a file of gigabytes is not read. */
const mostBytes = 1024 * 1024;

export interface SavedSettings {
  readonly settings: ServerSettings;
  readonly problems: readonly SettingsProblem[];
}

/** What cannot be used is a problem, never a failure. */
export async function readSettings(file: string): Promise<SavedSettings> {
  let text: string;
  try {
    text = await readBounded(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { settings: {}, problems: [] };
    return broken(`It cannot be read (${code ?? (error as Error).message}).`);
  }
  try {
    return parseSettings(JSON.parse(text));
  } catch (error) {
    // The message of the parser repeats what stands there, which may be a key.
    const where = /position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0];
    return broken(`It is not JSON${where === undefined ? "" : ` at ${where}`}.`);
  }
}

export function parseSettings(value: unknown): SavedSettings {
  if (!isObject(value)) return broken("It is not an object.");
  if (value["version"] !== version) return broken(`Its version is not ${version}.`);
  const settings: Partial<Record<SettingsSection, unknown>> = {};
  const problems: SettingsProblem[] = [];
  for (const [section, content] of Object.entries(value)) {
    if (section === "version") continue;
    if (!isSection(section)) {
      problems.push({ section, problem: `There is no such section; known are ${sectionNames.join(", ")}.` });
      continue;
    }
    const parsed = settingsSections[section].safeParse(content);
    if (parsed.success) settings[section] = parsed.data;
    else problems.push({ section, problem: sentenceOf(section, parsed.error.issues) });
  }
  return { settings: settings as ServerSettings, problems };
}

/** Fails with `bad_args` and what is wrong where. */
export function checkedSection(section: SettingsSection, content: unknown): unknown {
  const parsed = settingsSections[section].safeParse(content);
  if (parsed.success) return parsed.data;
  throw new DeckhandError("bad_args", sentenceOf(section, parsed.error.issues));
}

export function isSection(name: string): name is SettingsSection {
  return Object.hasOwn(settingsSections, name);
}

/** Fails with `store_failed`; then the file is as it was. */
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
  if (size > mostBytes) throw new Error("it is larger than a mebibyte");
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
  /** Of a name that does not fit. */
  readonly issues?: readonly Issue[];
}

/** Of a choice between shapes, what is wrong with the one that comes closest. Values are not repeated: they may be keys. */
function sentenceOf(section: string, issues: readonly Issue[]): string {
  return issues
    .flatMap((issue) => closest(issue))
    .slice(0, 5)
    .map(({ path, message }) => `${[section, ...path.map(String)].join(".")}: ${message}`)
    .join("; ");
}

function closest(issue: Issue): readonly Issue[] {
  if (issue.code === "invalid_key") return (issue.issues ?? []).map(({ message }) => ({ path: issue.path, message }));
  const [best] = (issue.errors ?? []).toSorted((a, b) => deepest(b) - deepest(a) || a.length - b.length);
  if (issue.code !== "invalid_union" || best === undefined) return [issue];
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function deepest(issues: readonly Issue[]): number {
  return issues.some(({ code, path }) => path.length === 0 && code === "unrecognized_keys") ? -1 : 0;
}
