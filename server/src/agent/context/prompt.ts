/**
 * What the model sees, as a fold of the log. Events only ever add at the end, so that each request has the one before as
 * its prefix, byte for byte, after a restart too. Only a compaction changes what stands there already.
 *
 * A provider wants the results of a reply's calls right behind it, all of them and in order. So results are collected
 * until the last is there; what a person did meanwhile (their own commands) waits and comes after. Calls that never got
 * a result, because the turn was stopped or the server was killed between them, are told to be "not run".
 */
import { isAction, isRunnable, type Action, type ContextPart, type Event, type Observation } from "@deckhand/protocol";
import type { ModelMessage, ModelRequest, ToolResult } from "../../llm/model.ts";
import type { Tool } from "../../tools/tool.ts";
import type { Agent } from "../agents.ts";
import { CallIds } from "./call-ids.ts";
import { TokenEstimator } from "./token-estimator.ts";
import { Messages } from "./messages.ts";
import { UserMessages } from "./user-messages.ts";
import { InjectedInstructions } from "./injected-instructions.ts";
import { TurnProgress } from "../finish/turn-progress.ts";
import { StepHistory } from "../stuck.ts";

interface OpenReply {
  readonly id: number;
  /** `shown`: its id as the model is shown it. */
  readonly calls: readonly { readonly id: string; readonly name: string; readonly shown: string }[];
  readonly results: Map<string, ToolResult>;
}

/** Told when the results of the last reply are complete. */
interface Aside {
  readonly part: ContextPart;
  readonly text: string;
  readonly imageUrl?: string;
}

export interface PromptSize {
  /** Of system text and tools. */
  readonly fixedChars: number;
  /** Longer results are cut in the middle, for a model that reads little. */
  readonly maxResultChars: number;
}

export class Prompt {
  /** What the agent has just done, folded along. */
  readonly stepHistory = new StepHistory();
  /** What was run and planned, folded along. */
  readonly progress = new TurnProgress();
  readonly #messages = new Messages();
  readonly #measure = new TokenEstimator();
  readonly #spoken = new UserMessages();
  readonly #told = new InjectedInstructions();
  readonly #ids = new CallIds();
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #size: PromptSize;
  /** A person's own actions, until their observation is there. */
  readonly #userActions = new Map<number, Action>();
  #open: OpenReply | null = null;
  #afterResults: Aside[] = [];
  #hasReplies = false;
  #summaries = 0;
  /** Messages of the user that have not been taken in. */
  #queued = 0;
  #head = -1;

  constructor(tools: ReadonlyMap<string, Tool>, size: PromptSize) {
    this.#tools = tools;
    this.#size = size;
  }

  get hasUserMessage(): boolean {
    return this.#spoken.any;
  }

  /** There is more than what the user said. */
  get hasReplies(): boolean {
    return this.#hasReplies;
  }

  /** Summaries since the model's last reply. */
  get summaries(): number {
    return this.#summaries;
  }

  request(agent: Agent): ModelRequest {
    this.#close();
    const { all } = this.#messages;
    return { system: agent.prompt, tools: agent.toolSpecs, messages: this.#modelIsLast ? [...all, goOn] : all };
  }

  /** What the next request will be, by what the model counted in the last one. */
  get tokens(): number {
    return this.#measure.tokens(this.#size.fixedChars + this.#messages.chars);
  }

  chars(tokens: number): number {
    return this.#measure.chars(tokens);
  }

  /** Characters of the messages, by what they are. */
  get charsByPart(): ReadonlyMap<ContextPart, number> {
    return this.#messages.charsByPart;
  }

  /** See `Messages`. */
  lastIdBeforeTail(chars: number): number {
    this.#close();
    return this.#messages.lastIdBeforeTail(chars);
  }

  upTo(id: number): readonly ModelMessage[] {
    return this.#messages.upTo(id);
  }

  prunableChars(id: number): number {
    return this.#messages.prunableChars(id);
  }

  add(event: Event): void {
    this.#head = event.id;
    this.stepHistory.add(event);
    this.progress.add(event);
    if (isAction(event)) this.#addAction(event);
    else this.#addObservation(event);
  }

  #addAction(event: Action): void {
    if (event.action === "compact") return this.#compact(event);
    if (event.source === "user") {
      if (event.action === "start" || event.action === "message") this.#queued += 1;
      if (isRunnable(event.action)) this.#userActions.set(event.id, event);
      else if (event.action === "allow_host") this.#aside("user", `The user has decided: ${event.message}`);
    } else if (event.tool_call !== undefined && !isRunnable(event.action)) {
      this.#result(event.tool_call, "ok", false);
    }
  }

  #addObservation(event: Observation): void {
    if (event.observation === "chat") {
      this.#close();
      this.#queued -= 1;
      this.#spoken.add(event.id, event.content);
      this.#push("user", { role: "user", text: event.content, imageUrls: event.extras.image_urls ?? [] });
    } else if (event.observation === "instructions") {
      this.#close();
      this.#told.add(event.id, event.content, event.extras.files);
      this.#push("instructions", { role: "user", text: event.content, imageUrls: [] });
    } else if (event.observation === "nudge") {
      this.#close();
      this.#push("notes", { role: "user", text: event.content, imageUrls: [] });
    } else if (event.observation === "agent_state_changed") {
      // Decided here and not when it is asked, so that the log alone decides.
      const isAsked = event.extras.agent_state === "running" && this.#queued === 0 && this.#open === null;
      if (isAsked) this.#goOn();
    } else if (event.observation === "job" && event.cause === undefined) {
      this.#aside("notes", `(A note of the server, not of the user.) ${event.content}`);
    } else if (event.observation === "reply") {
      this.#goOn();
      this.#hasReplies = true;
      this.#summaries = 0;
      this.#measure.learn(this.#size.fixedChars + this.#messages.chars, event.extras.usage.input);
      const parts = this.#ids.own(event.extras.parts, event.id);
      this.#push("replies", { role: "assistant", parts, model: event.extras.model });
      const calls = event.extras.parts.flatMap((part, at) => {
        const shown = parts[at];
        return part.type === "call" && shown?.type === "call" ? [{ ...part, shown: shown.id }] : [];
      });
      if (calls.length > 0) this.#open = { id: event.id, calls, results: new Map() };
    } else if (event.observation === "hook") {
      if (event.extras.shown_to_model) this.#aside("notes", event.content);
    } else if (event.observation === "upload") {
      this.#aside("user", event.content);
    } else if (event.tool_call !== undefined) {
      this.#keepImage(event);
      this.#result(event.tool_call, this.#tell(event), isFailure(event));
    } else if (event.cause !== undefined) {
      this.#addUserResult(event);
    }
  }

  /** Behind the results: not every provider takes an image in one. */
  #keepImage(event: Observation): void {
    if (this.#open === null) return;
    if (event.observation === "read" && event.extras.image !== undefined) {
      const { path, image } = event.extras;
      this.#afterResults.push({ part: "outputs", text: `(The image ${path}.)`, imageUrl: image.url });
    } else if (event.observation === "call_tool") {
      const { server, name, images = [] } = event.extras;
      for (const imageUrl of images) {
        this.#afterResults.push({ part: "outputs", text: `(An image that ${name} of ${server} returned.)`, imageUrl });
      }
    }
  }

  #addUserResult(event: Observation): void {
    const asked = this.#userActions.get(event.cause ?? -1);
    if (asked === undefined) return;
    this.#userActions.delete(asked.id);
    if (asked.action === "run" && asked.args.hidden) return;
    this.#aside("outputs", `The user did this in the workspace: ${asked.message}\n${this.#tell(event)}`);
  }

  /** What a person did; not between a reply's calls and their results. */
  #aside(part: ContextPart, text: string): void {
    if (this.#open === null) this.#pushAside({ part, text });
    else this.#afterResults.push({ part, text });
  }

  #pushAside({ part, text, imageUrl }: Aside, id = this.#head): void {
    if (imageUrl === undefined) return this.#messages.add(id, part, { role: "user", text, imageUrls: [] });
    const short: ModelMessage = { role: "user", text: `${text} (It is left out here to save room.)`, imageUrls: [] };
    this.#messages.add(id, part, { role: "user", text, imageUrls: [imageUrl] }, short);
  }

  #result(origin: { reply: number; id: string }, content: string, isError: boolean): void {
    const open = this.#open;
    const call = open?.id === origin.reply ? open.calls.find((each) => each.id === origin.id) : undefined;
    if (open === null || call === undefined) return;
    open.results.set(call.id, { call: call.shown, name: call.name, content: this.#cut(content), isError });
    if (open.results.size === open.calls.length) this.#close();
  }

  /** Who lets it go on need not say a word; but providers take the model's own words at the end for half of a reply. */
  #goOn(): void {
    this.#close();
    if (this.#modelIsLast) this.#push("notes", goOn);
  }

  get #modelIsLast(): boolean {
    return this.#messages.all.at(-1)?.role === "assistant";
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    const results = open.calls.map(
      (call): ToolResult =>
        open.results.get(call.id) ?? { call: call.shown, name: call.name, content: notRun, isError: true },
    );
    this.#messages.add(open.id, "outputs", { role: "tool", results });
    // Of the same step, so that no compaction ends between them.
    for (const aside of this.#afterResults) this.#pushAside(aside, open.id);
    this.#open = null;
    this.#afterResults = [];
  }

  #compact({ args }: Action<"compact">): void {
    this.#close();
    if (args.how === "prune") return this.#messages.prune(args.to);
    this.#summaries += 1;
    const texts = [...this.#told.upTo(args.to), this.#spoken.before(args.to, args.summary)];
    this.#messages.replace(args.to, { role: "user", text: texts.join("\n\n"), imageUrls: [] });
  }

  #push(part: ContextPart, message: ModelMessage): void {
    this.#messages.add(this.#head, part, message);
  }

  #cut(content: string): string {
    const max = this.#size.maxResultChars;
    if (content.length <= max) return content;
    const half = Math.floor(max / 2);
    return `${content.slice(0, half)}\n[… ${content.length - 2 * half} characters are left out …]\n${content.slice(-half)}`;
  }

  #tell(event: Observation): string {
    return this.#tools.get(event.observation)?.tell?.(event) ?? event.content;
  }
}

function isFailure(event: Observation): boolean {
  return event.observation === "error" || (event.observation === "call_tool" && event.extras.is_error === true);
}

const goOn: ModelMessage = { role: "user", text: "Go on.", imageUrls: [] };
const notRun = "Not run: the turn was stopped before this call.";
