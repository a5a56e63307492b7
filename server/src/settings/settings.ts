/**
 * The settings of the server: what is saved, under what the environment says. The file is the truth: it is read again when
 * it changes, whoever changed it, and before anything is saved.
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
  type SettingsSection,
} from "@deckhand/protocol";
import { parseConfig, type Config } from "../config/config.ts";
import { isObject, mergePatch } from "./merge-patch.ts";
import { fromEnvironment, withSaved, type Environment } from "./precedence.ts";
import { hostProcesses } from "./processes.ts";
import { checkedSection, isSection, readSettings, writeSettings, type SavedSettings } from "./settings-file.ts";
import { redacted } from "./redact.ts";

/** How soon a change of the file by somebody else is seen. */
const lookMs = 1000;
/** What the parts of a server that listens cannot take up. */
const atStart: readonly (readonly [SettingsSection, (settings: ServerSettings) => unknown])[] = [
  ["network", ({ network }) => network],
  ["agents", ({ agents }) => agents?.folder],
];

export interface SettingsOptions {
  readonly file: string;
  readonly env: Environment;
  /** Programs that the server starts outside of the sandbox can be saved over HTTP, too. */
  readonly processesHere: boolean;
  /** Is told what of the file cannot be used. */
  readonly onProblem: (sentence: string) => void;
}

/** What routes may do. */
export interface SettingsApi {
  report(): Promise<SettingsReport>;
  /** Merges and saves. Fails with `bad_args`, `forbidden` (it starts a process), `conflict` (the file is broken), `store_failed`. */
  change(patch: SettingsPatch): Promise<SettingsReport>;
  /** One that is set, by its name, or the one that is given. Fails with `bad_args`, and with `forbidden` for a program that could not be set. */
  mcpServer(name: string | undefined, server: McpServer | undefined): Promise<McpServer>;
}

const programSentence =
  "Hooks and MCP servers that are programs run outside of the sandbox: they are set on the server's machine, with `deckhand settings` or `deckhand mcp`, or here when DECKHAND_SETTINGS_OVER_HTTP is true.";

export class Settings implements SettingsApi, Disposable {
  readonly #options: SettingsOptions;
  readonly #atStart: ServerSettings;
  readonly #listeners = new Set<() => void>();
  readonly #look = (): void => void this.refresh();
  #kept: SavedSettings;
  #env: Environment;
  #config: Config;
  #saving: Promise<unknown> = Promise.resolve();

  private constructor(options: SettingsOptions, kept: SavedSettings) {
    this.#options = options;
    this.#atStart = kept.settings;
    this.#kept = kept;
    this.#env = withSaved(options.env, kept.settings, kept.problems);
    this.#config = parseConfig(this.#env);
    this.#tellProblems();
    watchFile(options.file, { interval: lookMs, persistent: false }, this.#look);
  }

  static async open(options: SettingsOptions): Promise<Settings> {
    return new Settings(options, await readSettings(options.file));
  }

  /** What is saved and can be used. */
  get saved(): ServerSettings {
    return this.#kept.settings;
  }

  /** The environment, with what is saved where it says nothing. */
  get env(): Environment {
    return this.#env;
  }

  get config(): Config {
    return this.#config;
  }

  /** Called after each change. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async refresh(): Promise<void> {
    this.#take(await readSettings(this.#options.file));
  }

  async report(): Promise<SettingsReport> {
    await this.refresh();
    const { settings, problems } = this.#kept;
    return {
      saved: redacted(settings),
      environment: fromEnvironment(this.#options.env),
      effective: effectiveOf(this.#config),
      restart: atStart.flatMap(([section, of]) =>
        isDeepStrictEqual(of(settings), of(this.#atStart)) ? [] : [section],
      ),
      problems,
      file: this.#options.file,
      processes_here: this.#options.processesHere,
    };
  }

  async change(patch: SettingsPatch): Promise<SettingsReport> {
    const done = this.#saving.then(() => this.#change(patch));
    this.#saving = done.catch(() => {});
    await done;
    return this.report();
  }

  async mcpServer(name: string | undefined, server: McpServer | undefined): Promise<McpServer> {
    await this.refresh();
    const kept = name === undefined ? undefined : this.saved.mcp?.servers?.[name];
    if (server === undefined) {
      if (kept === undefined) throw new DeckhandError("bad_args", `There is no MCP server ${name ?? "of no name"}.`);
      return kept;
    }
    if ("command" in server && !this.#options.processesHere) throw new DeckhandError("forbidden", programSentence);
    return server;
  }

  [Symbol.dispose](): void {
    unwatchFile(this.#options.file, this.#look);
    this.#listeners.clear();
  }

  async #change(patch: SettingsPatch): Promise<void> {
    const { settings, problems } = await readSettings(this.#options.file);
    const [problem] = problems;
    if (problem !== undefined) {
      throw new DeckhandError(
        "conflict",
        `${this.#options.file} has to be mended first: ${problem.section ?? "the file"}: ${problem.problem}`,
      );
    }
    const next = patched(settings, patch);
    if (!this.#options.processesHere && !isDeepStrictEqual(hostProcesses(next), hostProcesses(settings))) {
      throw new DeckhandError("forbidden", programSentence);
    }
    await writeSettings(this.#options.file, next);
    this.#take({ settings: next, problems: [] });
  }

  #take(kept: SavedSettings): void {
    if (isDeepStrictEqual(kept, this.#kept)) return;
    this.#kept = kept;
    this.#env = withSaved(this.#options.env, kept.settings, kept.problems);
    this.#config = parseConfig(this.#env);
    this.#tellProblems();
    for (const listener of this.#listeners) listener();
  }

  #tellProblems(): void {
    for (const { section, problem } of this.#kept.problems) {
      this.#options.onProblem(
        `${this.#options.file}: ${section === undefined ? "" : `${section} is not used: `}${problem}`,
      );
    }
  }
}

/** Fails with `bad_args`; each section that the patch names is checked as a whole. */
export function patched(settings: ServerSettings, patch: SettingsPatch): ServerSettings {
  const next = new Map<string, unknown>(Object.entries(settings));
  for (const [section, change] of Object.entries(patch)) {
    if (!isSection(section)) {
      throw new DeckhandError("bad_args", `There is no section ${section}; known are ${sectionNames.join(", ")}.`);
    }
    if (change === null) next.delete(section);
    else if (isObject(change)) next.set(section, checkedSection(section, mergePatch(next.get(section), change)));
    else throw new DeckhandError("bad_args", `${section}: an object or null is wanted.`);
  }
  return Object.fromEntries(next);
}

function effectiveOf(config: Config): SettingsReport["effective"] {
  const { name, baseUrl } = config.model;
  const finite = <K extends string>(key: K, value: number): { [P in K]?: number } =>
    (Number.isFinite(value) ? { [key]: value } : {}) as { [P in K]?: number };
  return {
    model: { ...(name === undefined ? {} : { name }), ...(baseUrl === undefined ? {} : { base_url: baseUrl }) },
    limits: {
      max_steps: config.maxSteps,
      ...finite("max_cost_usd", config.maxCostUsd),
      ...finite("max_tokens", config.maxTokens),
      ...finite("max_seconds", config.maxSeconds),
    },
    approval: { policy: config.approvalPolicy, seconds: config.approvalSeconds },
    network: { policy: config.network, allow: [...config.networkAllow] },
  };
}
