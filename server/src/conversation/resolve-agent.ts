/** What the settings of a conversation choose: who does the work, with which model. */
import { DeckhandError, type Settings } from "@deckhand/protocol";
import { defaultAgent, type Agent, type AgentFinder } from "../agent/agents.ts";
import type { Model, ModelFinder } from "../llm/model.ts";
import type { SessionKey } from "./own-key.ts";

export interface ResolveDeps {
  readonly findModel: ModelFinder;
  readonly findAgent: AgentFinder;
  /** The agent of a conversation that names none; our own when nothing is set. */
  readonly defaultAgent?: () => string | undefined;
  /** The default workspace. */
  readonly workspace: string;
}

/** Fails with `unknown_agent`. */
export function resolveAgent(settings: Settings, deps: ResolveDeps, workspace: string = deps.workspace): Agent {
  const name = settings.agent_cls ?? deps.defaultAgent?.() ?? defaultAgent;
  const agent = deps.findAgent(name, workspace);
  if (agent === undefined) throw new DeckhandError("unknown_agent", `There is no agent ${name}.`);
  return agent;
}

/** The agent's own, else that of the settings, else that of its definition. Fails where there is none. */
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

/** A picture that the model cannot see is refused with `bad_args` while its sender still looks. */
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
