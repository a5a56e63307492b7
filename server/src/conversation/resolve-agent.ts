/** Resolves the agent and the model that a conversation's settings name. */
import { DeckhandError, type Settings } from "@deckhand/protocol";
import { defaultAgent, type Agent, type AgentFinder } from "../agent/agents.ts";
import type { Model, ModelChoice, ModelFinder } from "../llm/model.ts";

export interface ResolveDeps {
  readonly findModel: ModelFinder;
  readonly findAgent: AgentFinder;
  /** The agent for conversations that name none; the built-in default when left out. */
  readonly defaultAgent?: () => string | undefined;
  /** The default workspace. */
  readonly workspace: string;
}

/** An API key that came with a conversation's settings. It is bound to the model it was sent for, and kept in memory only. */
export interface SessionKey {
  readonly apiKey: string;
  readonly keyFor: NonNullable<ModelChoice["keyFor"]>;
}

/** `settings`: the conversation's settings, including those that came with the key. */
export function sessionKey(apiKey: string, { model: name, base_url: baseUrl }: Settings): SessionKey {
  return { apiKey, keyFor: { name, baseUrl } };
}

/** Fails with `unknown_agent`. */
export function resolveAgent(settings: Settings, deps: ResolveDeps, workspace: string = deps.workspace): Agent {
  const name = settings.agent_cls ?? deps.defaultAgent?.() ?? defaultAgent;
  const agent = deps.findAgent(name, workspace);
  if (agent === undefined) throw new DeckhandError("unknown_agent", `There is no agent named ${name}.`);
  return agent;
}

/** The agent's built-in model, else the one in the settings, else the one in the agent's definition. Fails if there is none. */
export async function resolveModel(
  agent: Agent,
  settings: Settings,
  key: SessionKey | undefined,
  deps: ResolveDeps,
): Promise<Model> {
  if (agent.model !== undefined) return agent.model;
  const { model: name = agent.definition?.model, base_url: baseUrl, reasoning_effort: reasoningEffort } = settings;
  return deps.findModel({ name, baseUrl, ...key, reasoningEffort });
}

export function hasImages(args: unknown): boolean {
  const images = (args as { image_urls?: unknown } | null | undefined)?.image_urls;
  return Array.isArray(images) && images.length > 0;
}

/** Rejects an image that the model cannot read, with `bad_args`, while the sender is still there to see it. */
export async function rejectUnsupportedImages(
  settings: Settings,
  key: SessionKey | undefined,
  deps: ResolveDeps,
): Promise<void> {
  const model = await resolveModel(resolveAgent(settings, deps), settings, key, deps).catch(() => undefined);
  if (model?.takesImages !== false) return;
  throw new DeckhandError(
    "bad_args",
    "Model does not support image upload, change to a different model or try without an image.",
  );
}
