import type { NetworkOptions } from "./network/conversation-network.ts";
import type { Limits } from "./sandbox/limits/limits.ts";

/** What a runtime factory needs to know about the machine. */
export interface RuntimeOptions {
  /** DECKHAND_HOME: the folder with all of the server's data. */
  readonly dataHome: string;
  /** The home folder of the server's user. */
  readonly userHome: string;
  /** The user's PATH. */
  readonly path: string;
  /** The network of commands; without it they have none. */
  readonly network?: NetworkOptions;
  /** Overrides of the default resource limits. */
  readonly limits?: Partial<Limits>;
  /** Names of read-only files and folders in a workspace; replaces the list in sandbox/mounts/protected-paths.ts. */
  readonly protectedNames?: readonly string[];
}
