/**
 * The server's settings: what is saved in settings.json, merged with the environment and flags. The file is the source
 * of truth: it is read again whenever it changes, and before anything is saved.
 */
import { unwatchFile, watchFile } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import {
  DeckhandError,
  sectionNames,
  type McpServer,
  type ServerSettings,
  type SettingsPatch,
  type SettingsReport,
} from "@deckhand/protocol";
import { Mutex } from "../async/mutex.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { resolveConfig, type Flags, type ResolvedConfig } from "../config/resolve.ts";
import { isObject, mergePatch } from "./merge-patch.ts";
import { withSavedKeys } from "./provider-keys.ts";
import { redacted } from "./redact.ts";
import { describedOptions, effectiveValues, needingRestart, overrides } from "./report.ts";
import { checkedSection, isSection, readSettings, writeSettings, type SavedSettings } from "./settings-file.ts";

/** How soon an edit of the file is noticed. */
const watchMs = 1000;

export interface SettingsOptions {
  readonly file: string;
  readonly environment: Environment;
  readonly flags: Flags;
  /** Hooks and MCP servers that start programs outside the sandbox may be saved. */
  readonly mayStartPrograms: boolean;
  /** Called with a sentence for everything in the file that is ignored. */
  readonly onProblem: (sentence: string) => void;
}

const programsForbidden =
  "Hooks and MCP servers that start programs run outside the sandbox. Set them on the server's machine with `deckhand settings` or `deckhand mcp`, or start the server with DECKHAND_SETTINGS_OVER_HTTP=true.";

export class Settings implements Disposable {
  readonly #options: SettingsOptions;
  readonly #configAtStart: Config;
  readonly #listeners = new Set<() => void>();
  readonly #onFileChange = (): void => void this.refresh();
  /** Reading and writing the file take turns, so that an older content never replaces a newer one. */
  readonly #fileAccess = new Mutex();
  #saved: SavedSettings;
  #resolved: ResolvedConfig;
  #providerEnvironment: Environment;

  private constructor(options: SettingsOptions, saved: SavedSettings) {
    this.#options = options;
    this.#saved = saved;
    this.#resolved = this.#resolve(saved);
    this.#providerEnvironment = withSavedKeys(options.environment, saved.settings.keys);
    this.#configAtStart = this.#resolved.config;
    this.#reportProblems();
    watchFile(options.file, { interval: watchMs, persistent: false }, this.#onFileChange);
  }

  static async open(options: SettingsOptions): Promise<Settings> {
    return new Settings(options, await readSettings(options.file));
  }

  /** What is saved and valid. */
  get saved(): ServerSettings {
    return this.#saved.settings;
  }

  /** The environment for model providers, including saved keys. */
  get providerEnvironment(): Environment {
    return this.#providerEnvironment;
  }

  get config(): Config {
    return this.#resolved.config;
  }

  /** Called after each change. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async refresh(): Promise<void> {
    await this.#fileAccess.run(async () => this.#apply(await readSettings(this.#options.file)));
  }

  async report(): Promise<SettingsReport> {
    await this.refresh();
    const { settings, problems } = this.#saved;
    return {
      saved: redacted(settings),
      environment: overrides(this.#resolved, this.#options.environment),
      effective: effectiveValues(this.config),
      options: describedOptions(this.#resolved),
      restart: needingRestart(this.#configAtStart, this.config),
      problems,
      file: this.#options.file,
      processes_here: this.#options.mayStartPrograms,
    };
  }

  /**
   * Merges the patch into the saved settings. Fails with `bad_args`, `forbidden` (it would start a program), `conflict`
   * (the file is invalid) or `store_failed`.
   */
  async change(patch: SettingsPatch): Promise<SettingsReport> {
    await this.#fileAccess.run(() => this.#change(patch));
    return this.report();
  }

  /**
   * The saved MCP server with this name, or the given one if it may be saved. Fails with `bad_args`, and with
   * `forbidden` for a program that may not.
   */
  async mcpServer(name: string | undefined, server: McpServer | undefined): Promise<McpServer> {
    await this.refresh();
    const saved = name === undefined ? undefined : this.saved.mcp?.servers?.[name];
    if (server === undefined) {
      if (saved === undefined) throw new DeckhandError("bad_args", `Unknown MCP server "${name ?? ""}".`);
      return saved;
    }
    if ("command" in server && !this.#options.mayStartPrograms) throw new DeckhandError("forbidden", programsForbidden);
    return server;
  }

  [Symbol.dispose](): void {
    unwatchFile(this.#options.file, this.#onFileChange);
    this.#listeners.clear();
  }

  async #change(patch: SettingsPatch): Promise<void> {
    const { settings, problems } = await readSettings(this.#options.file);
    const [problem] = problems;
    if (problem !== undefined) {
      const { section = "the file", problem: sentence } = problem;
      throw new DeckhandError("conflict", `Fix ${this.#options.file} first: ${section}: ${sentence}`);
    }
    const next = patched(settings, patch);
    if (!this.#options.mayStartPrograms && !isDeepStrictEqual(hostPrograms(next), hostPrograms(settings))) {
      throw new DeckhandError("forbidden", programsForbidden);
    }
    await writeSettings(this.#options.file, next);
    this.#apply({ settings: next, problems: [] });
  }

  #apply(saved: SavedSettings): void {
    if (isDeepStrictEqual(saved, this.#saved)) return;
    this.#saved = saved;
    this.#resolved = this.#resolve(saved);
    this.#providerEnvironment = withSavedKeys(this.#options.environment, saved.settings.keys);
    this.#reportProblems();
    for (const listener of this.#listeners) listener();
  }

  #resolve({ settings, problems }: SavedSettings): ResolvedConfig {
    const { environment, flags } = this.#options;
    // A problem without a section concerns the whole file.
    const isUnreadable = (name: keyof ServerSettings): boolean =>
      problems.some(({ section = name }) => section === name);
    return resolveConfig({ environment, flags, saved: settings, isUnreadable });
  }

  #reportProblems(): void {
    for (const { section, problem } of this.#saved.problems) {
      const ignored = section === undefined ? "" : `${section} is ignored: `;
      this.#options.onProblem(`${this.#options.file}: ${ignored}${problem}`);
    }
  }
}

/** Fails with `bad_args`. Each section in the patch is validated as a whole. */
function patched(settings: ServerSettings, patch: SettingsPatch): ServerSettings {
  const next = new Map<string, unknown>(Object.entries(settings));
  for (const [section, change] of Object.entries(patch)) {
    if (!isSection(section)) {
      throw new DeckhandError("bad_args", `Unknown section "${section}". Sections are ${sectionNames.join(", ")}.`);
    }
    if (change === null) next.delete(section);
    else if (isObject(change)) next.set(section, checkedSection(section, mergePatch(next.get(section), change)));
    else throw new DeckhandError("bad_args", `${section}: expected an object or null.`);
  }
  return Object.fromEntries(next);
}

/** The settings that start programs on the server's machine, outside every sandbox. */
function hostPrograms({ mcp, hooks }: ServerSettings): object {
  const programs = Object.entries(mcp?.servers ?? {}).filter(([, server]) => "command" in server);
  return { programs: Object.fromEntries(programs), hooks: hooks ?? {} };
}
