/**
 * What the model sees, as a fold of the log. Events only ever append, so each request has the previous one as its
 * byte-exact prefix, even after a restart. Only a compaction changes earlier messages.
 *
 * Providers want the results of a reply's calls directly after it, all of them and in order. Whatever happens in
 * between, such as a user's own command, comes after them. A call that never got a result, because the turn was stopped
 * or the server was killed, is reported as not run.
 */
import { isAction, isRunnable, type Action, type ContextPart, type Event, type Observation } from "@deckhand/protocol";
import type { ModelMessage, ModelRequest } from "../../llm/model.ts";
import type { Tool } from "../../tools/tool.ts";
import type { Agent } from "../agents.ts";
import { TurnProgress } from "../finish/turn-progress.ts";
import { StepHistory } from "../stuck.ts";
import { CallIds } from "./call-ids.ts";
import { InjectedInstructions } from "./injected-instructions.ts";
import { Messages } from "./messages.ts";
import { systemNote } from "./notes.ts";
import { imagesOf, openCalls, OpenReply, type Aside } from "./open-reply.ts";
import type { PromptSize } from "./prompt-size.ts";
import { TokenEstimator } from "./token-estimator.ts";
import { UserMessages } from "./user-messages.ts";

export class Prompt {
  /** The last steps, for stuck detection. */
  readonly stepHistory = new StepHistory();
  /** What the turn has done so far, for `finish`. */
  readonly progress = new TurnProgress();
  readonly #messages = new Messages();
  readonly #estimator = new TokenEstimator();
  readonly #userMessages = new UserMessages();
  readonly #instructions = new InjectedInstructions();
  readonly #callIds = new CallIds();
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #size: PromptSize;
  /** The user's own actions that have no observation yet. */
  readonly #userActions = new Map<number, Action>();
  #openReply: OpenReply | null = null;
  #hasReplies = false;
  #summaries = 0;
  /** User messages that are not in the prompt yet. */
  #queued = 0;
  #head = -1;

  constructor(tools: ReadonlyMap<string, Tool>, size: PromptSize) {
    this.#tools = tools;
    this.#size = size;
  }

  get hasUserMessage(): boolean {
    return !this.#userMessages.isEmpty;
  }

  get hasReplies(): boolean {
    return this.#hasReplies;
  }

  /** The number of summaries since the model's last reply. */
  get summaries(): number {
    return this.#summaries;
  }

  request(agent: Agent): ModelRequest {
    this.#closeReply();
    const { all } = this.#messages;
    return { system: agent.prompt, tools: agent.toolSpecs, messages: this.#endsWithReply ? [...all, resume] : all };
  }

  /** An estimate for the next request, based on what the provider counted for the last one. */
  get tokens(): number {
    return this.#estimator.tokens(this.#size.fixedChars + this.#messages.chars);
  }

  chars(tokens: number): number {
    return this.#estimator.chars(tokens);
  }

  get charsByPart(): ReadonlyMap<ContextPart, number> {
    return this.#messages.charsByPart;
  }

  /** See `Messages`. */
  lastIdBeforeTail(chars: number): number {
    this.#closeReply();
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
      else if (event.action === "allow_host")
        this.#addAside({ part: "user", text: `The user decided: ${event.message}` });
    } else if (event.tool_call !== undefined && !isRunnable(event.action)) {
      this.#addToolResult(event.tool_call, "ok", false);
    }
  }

  #addObservation(event: Observation): void {
    switch (event.observation) {
      case "chat":
        this.#closeReply();
        this.#queued -= 1;
        this.#userMessages.add(event.id, event.content);
        return this.#push("user", { role: "user", text: event.content, imageUrls: event.extras.image_urls ?? [] });
      case "instructions":
        this.#closeReply();
        this.#instructions.add(event.id, event.content, event.extras.files);
        return this.#push("instructions", userText(event.content));
      case "nudge":
        this.#closeReply();
        return this.#push("notes", userText(event.content));
      case "agent_state_changed": {
        // Decided here and not in `request`, so that the log alone determines the prompt.
        const isResumed = event.extras.agent_state === "running" && this.#queued === 0 && this.#openReply === null;
        return isResumed ? this.#resumeAfterReply() : undefined;
      }
      case "reply":
        return this.#addReply(event);
      case "hook":
        return event.extras.shown_to_model ? this.#addAside({ part: "notes", text: event.content }) : undefined;
      case "upload":
        return this.#addAside({ part: "user", text: event.content });
      case "job":
        // A job that ended by itself. With a cause, it is the result of an action.
        if (event.cause === undefined) {
          return this.#addAside({ part: "notes", text: `${systemNote} ${event.content}` });
        }
        return this.#addResult(event);
      default:
        return this.#addResult(event);
    }
  }

  #addReply({ id, extras }: Observation<"reply">): void {
    this.#resumeAfterReply();
    this.#hasReplies = true;
    this.#summaries = 0;
    this.#estimator.learn(this.#size.fixedChars + this.#messages.chars, extras.usage.input);
    const parts = this.#callIds.unique(extras.parts, id);
    this.#push("replies", { role: "assistant", parts, model: extras.model });
    const calls = openCalls(extras.parts, parts);
    if (calls.length > 0) this.#openReply = new OpenReply(id, calls);
  }

  /** The result of the agent's call, or of a user's own action. */
  #addResult(event: Observation): void {
    if (event.tool_call !== undefined) {
      this.#openReply?.asides.push(...imagesOf(event));
      return this.#addToolResult(event.tool_call, this.#textFor(event), isFailure(event));
    }
    const action = event.cause === undefined ? undefined : this.#userActions.get(event.cause);
    if (action === undefined) return;
    this.#userActions.delete(action.id);
    if (action.action === "run" && action.args.hidden) return;
    const text = `The user did this in the workspace: ${action.message}\n${this.#textFor(event)}`;
    this.#addAside({ part: "outputs", text });
  }

  #addToolResult({ reply, id }: { reply: number; id: string }, content: string, isError: boolean): void {
    const open = this.#openReply;
    if (open?.id !== reply) return;
    open.addResult(id, this.#cut(content), isError);
    if (open.isComplete) this.#closeReply();
  }

  #addAside(aside: Aside): void {
    if (this.#openReply === null) this.#pushAside(aside, this.#head);
    else this.#openReply.asides.push(aside);
  }

  #pushAside({ part, text, imageUrl }: Aside, id: number): void {
    if (imageUrl === undefined) return this.#messages.add(id, part, userText(text));
    const pruned = userText(`${text} (Image removed to save context.)`);
    this.#messages.add(id, part, { role: "user", text, imageUrls: [imageUrl] }, pruned);
  }

  /**
   * A user may resume the work without writing a message, but providers take a reply at the end of a request for an
   * unfinished one.
   */
  #resumeAfterReply(): void {
    this.#closeReply();
    if (this.#endsWithReply) this.#push("notes", resume);
  }

  get #endsWithReply(): boolean {
    return this.#messages.all.at(-1)?.role === "assistant";
  }

  #closeReply(): void {
    const open = this.#openReply;
    if (open === null) return;
    this.#messages.add(open.id, "outputs", { role: "tool", results: open.results() });
    // With the id of the reply, so that no compaction ends in the middle of a step.
    for (const aside of open.asides) this.#pushAside(aside, open.id);
    this.#openReply = null;
  }

  #compact({ args }: Action<"compact">): void {
    this.#closeReply();
    if (args.how === "prune") return this.#messages.prune(args.to);
    this.#summaries += 1;
    const texts = [...this.#instructions.upTo(args.to), this.#userMessages.withSummary(args.to, args.summary)];
    this.#messages.replace(args.to, userText(texts.join("\n\n")));
  }

  #push(part: ContextPart, message: ModelMessage): void {
    this.#messages.add(this.#head, part, message);
  }

  #cut(content: string): string {
    const max = this.#size.maxResultChars;
    if (content.length <= max) return content;
    const half = Math.floor(max / 2);
    const omitted = content.length - 2 * half;
    return `${content.slice(0, half)}\n[… ${omitted} characters omitted …]\n${content.slice(-half)}`;
  }

  #textFor(event: Observation): string {
    return this.#tools.get(event.observation)?.formatForModel?.(event) ?? event.content;
  }
}

function isFailure(event: Observation): boolean {
  return event.observation === "error" || (event.observation === "call_tool" && event.extras.is_error === true);
}

function userText(text: string): ModelMessage {
  return { role: "user", text, imageUrls: [] };
}

const resume = userText("Continue.");
