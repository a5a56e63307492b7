/** The folder of one conversation, made at the first need. */
import { relative } from "node:path";
import { DeckhandError, errorObservation, observation, type NewEvent, type Settings } from "@deckhand/protocol";
import type { Workspaces } from "../../workspaces/workspaces.ts";
import type { ConversationId } from "../../store/event-store.ts";

interface WorkspaceDeps {
  readonly conversation: ConversationId;
  readonly places: Workspaces;
  readonly settings: () => Settings;
  /** A turn is there that will meet a failure and tell it. */
  readonly isAtWork: () => boolean;
  readonly append: (event: NewEvent) => Promise<unknown>;
  readonly onFault: (fault: unknown) => void;
}

/** One that could not be made is tried again at the next need, or with another choice. */
export class Workspace {
  readonly #deps: WorkspaceDeps;
  #making: { readonly done: Promise<void>; readonly stop: AbortController } | undefined;

  constructor(deps: WorkspaceDeps) {
    this.#deps = deps;
  }

  /** Where commands begin; it may not be there yet. */
  get path(): string {
    const { places, conversation, settings } = this.#deps;
    const { directory, workspace } = settings();
    const root = places.pathOf(conversation, workspace);
    return directory !== undefined && isInside(directory, root) ? directory : root;
  }

  get root(): string {
    return this.#deps.places.pathOf(this.#deps.conversation, this.#deps.settings().workspace);
  }

  get isMade(): boolean {
    return this.#deps.places.isReady(this.#deps.conversation, this.#deps.settings().workspace);
  }

  /** Resolves when it can be worked in. Fails as `Places.make` does. */
  async ready(): Promise<void> {
    if (this.isMade) return;
    this.#making ??= this.#make();
    await this.#making.done;
  }

  /** Makes it now, so that nobody has to wait later; where it fails and nobody waits, the log says so. */
  begin(): void {
    if (this.isMade) return;
    this.ready().catch(async (error: unknown) => {
      if (this.#deps.isAtWork()) return;
      const { code, message } = error instanceof DeckhandError ? error : new DeckhandError("internal");
      if (code === "internal") this.#deps.onFault(error);
      await this.#deps.append(errorObservation("environment", code, message)).catch(this.#deps.onFault);
    });
  }

  /** What is half made is removed. */
  async stop(): Promise<void> {
    this.#making?.stop.abort();
    await this.#making?.done.catch(() => {});
  }

  #make(): { readonly done: Promise<void>; readonly stop: AbortController } {
    const { places, conversation, settings, append, onFault } = this.#deps;
    const { workspace } = settings();
    if (workspace === undefined) throw new Error("the default workspace is not made");
    const stop = new AbortController();
    let telling: Promise<unknown> = Promise.resolve();
    const tell = (sentence: string): void => {
      const status = observation("environment", "status", sentence, { code: "workspace" });
      telling = telling.then(() => append(status)).catch(onFault);
    };
    const done = places
      .create(conversation, workspace, tell, stop.signal)
      .then(() => tell("The workspace is ready"))
      .finally(async () => {
        this.#making = undefined;
        await telling;
      });
    done.catch(() => {});
    return { done, stop };
  }
}

function isInside(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return !below.startsWith("..") && !below.startsWith("/");
}
