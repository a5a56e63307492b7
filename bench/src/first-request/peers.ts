/** Runs other agents unattended against a local model server, each in a home and a folder of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Peer {
  readonly name: string;
  /** The pinned package: other versions send other requests. */
  readonly install: string;
  /** Name in node_modules/.bin. */
  readonly program: string;
  /** Writes its configuration and returns how to call it. */
  prepare(setup: PeerSetup): Promise<PeerCall>;
}

export interface PeerSetup {
  readonly home: string;
  readonly workspace: string;
  /** Ends with `/v1`. */
  readonly modelUrl: string;
  readonly task: string;
}

export interface PeerCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const peers: readonly Peer[] = [
  {
    name: "opencode",
    install: "opencode-ai@1.18.33",
    program: "opencode",
    async prepare({ workspace, modelUrl, task }) {
      const model = { name: "fake", limit: { context: 200_000, output: 8_000 }, tool_call: true };
      const provider = {
        npm: "@ai-sdk/openai-compatible",
        name: "fake",
        options: { baseURL: modelUrl, apiKey: "none" },
        models: { fake: model },
      };
      const config = { provider: { fake: provider }, model: "fake/fake", autoupdate: false, share: "disabled" };
      await writeFile(join(workspace, "opencode.json"), JSON.stringify(config));
      return {
        args: ["run", task],
        env: { OPENCODE_DISABLE_AUTOUPDATE: "true", OPENCODE_DISABLE_MODELS_FETCH: "true" },
      };
    },
  },
  {
    name: "Codex",
    install: "@openai/codex@0.169.0",
    program: "codex",
    async prepare({ home, modelUrl, task }) {
      const folder = join(home, ".codex");
      await mkdir(folder, { recursive: true });
      const config = [
        'model = "fake"',
        'model_provider = "fake"',
        "[model_providers.fake]",
        'name = "fake"',
        `base_url = "${modelUrl}"`,
        'wire_api = "responses"',
        "request_max_retries = 0",
        "[analytics]",
        "enabled = false",
      ];
      await writeFile(join(folder, "config.toml"), `${config.join("\n")}\n`);
      return {
        args: ["exec", "--skip-git-repo-check", "--sandbox", "workspace-write", task],
        env: { CODEX_HOME: folder },
      };
    },
  },
  {
    name: "pi",
    install: "@mariozechner/pi-coding-agent@0.73.1",
    program: "pi",
    async prepare({ home, modelUrl, task }) {
      const folder = join(home, ".pi/agent");
      await mkdir(folder, { recursive: true });
      const model = {
        id: "fake",
        name: "fake",
        reasoning: false,
        input: ["text"],
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
        contextWindow: 200_000,
        maxTokens: 8_000,
      };
      const fake = { baseUrl: modelUrl, apiKey: "none", api: "openai-completions", models: [model] };
      await writeFile(join(folder, "models.json"), JSON.stringify({ providers: { fake } }));
      return { args: ["-p", "--provider", "fake", "--model", "fake", task], env: { PI_CODING_AGENT_DIR: folder } };
    },
  },
];
