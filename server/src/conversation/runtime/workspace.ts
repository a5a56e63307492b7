import { relative } from "node:path";
import {
  DeckhandError,
  errorObservation,
  observation,
  settingsSchema,
  type NewEvent,
  type Settings,
  type WorkspaceChoice,
} from "@deckhand/protocol";
import { Mutex } from "../../async/mutex.ts";
import type { Workspaces } from "../../workspaces/workspaces.ts";
import type { ConversationId } from "../../store/event-store.ts";
import type { Holds } from "../holds.ts";

interface WorkspaceDeps {
  readonly conversation: ConversationId;
  readonly workspaces: Workspaces;
  readonly settings: () => Settings;
  /** Whether a turn is running, which will meet a failure and report it. */
  readonly isWorking: () => boolean;
  readonly append: (event: NewEvent) => Promise<unknown>;
  readonly holds: Holds;
  readonly onFault: (fault: unknown) => void;
}

/**
 * The workspace of one conversation, created when first needed. If that fails, it is tried again when next needed, or with
 * another choice.
 */
export class Workspace {
  readonly #deps: WorkspaceDeps;
  #creation: { readonly done: Promise<void>; readonly stop: AbortController } | undefined;

  constructor(deps: WorkspaceDeps) {
    this.#deps = deps;
  }

  /** The directory in which commands start; it may not exist yet. */
  get path(): string {
    const { workspaces, conversation, settings } = this.#deps;
    const { directory, workspace } = settings();
    const root = workspaces.pathOf(conversation, workspace);
    return directory !== undefined && isInside(directory, root) ? directory : root;
  }

  /** The workspace folder for another choice. */
  rootOf(choice: WorkspaceChoice | undefined): string {
    return this.#deps.workspaces.pathOf(this.#deps.conversation, choice);
  }

  /** Rejects an impossible choice in the arguments of `initialize`, while the sender is still there to see it. */
  async check(args: unknown, isInitialised: boolean): Promise<void> {
    const { data } = settingsSchema.safeParse(args);
    if (data?.workspace === undefined || (isInitialised && this.isReady)) return;
    await this.#deps.workspaces.check(this.#deps.conversation, data.workspace);
  }

  get isReady(): boolean {
    return this.#deps.workspaces.isReady(this.#deps.conversation, this.#deps.settings().workspace);
  }

  /** Resolves when the workspace can be used. Fails as `Workspaces.create` does. */
  async ready(): Promise<void> {
    if (this.isReady) return;
    this.#creation ??= this.#create();
    await this.#creation.done;
  }

  /** Creates it now, so that nobody has to wait later; if that fails while no turn is running, the log says so. */
  begin(): void {
    if (this.isReady) return;
    this.#deps.holds
      .during(() => this.ready())
      .catch(async (error: unknown) => {
        if (this.#deps.isWorking()) return;
        const { code, message } = error instanceof DeckhandError ? error : new DeckhandError("internal");
        if (code === "internal") this.#deps.onFault(error);
        await this.#deps.append(errorObservation("environment", code, message)).catch(this.#deps.onFault);
      });
  }

  /** Stops the creation; a partial workspace is removed. */
  async stop(): Promise<void> {
    this.#creation?.stop.abort();
    await this.#creation?.done.catch(() => {});
  }

  #create(): { readonly done: Promise<void>; readonly stop: AbortController } {
    const { workspaces, conversation, settings, append, onFault } = this.#deps;
    const { workspace } = settings();
    if (workspace === undefined) throw new Error("the default workspace is not created");
    const stop = new AbortController();
    /** Keeps the sentences in order. */
    const reports = new Mutex();
    const report = (sentence: string): void => {
      const status = observation("environment", "status", sentence, { code: "workspace" });
      reports.run(() => append(status)).catch(onFault);
    };
    const done = workspaces
      .create(conversation, workspace, report, stop.signal)
      .then(() => report("The workspace is ready"))
      .finally(async () => {
        this.#creation = undefined;
        await reports.idle();
      });
    done.catch(() => {});
    return { done, stop };
  }
}

function isInside(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return !below.startsWith("..") && !below.startsWith("/");
}
