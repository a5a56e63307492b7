import type { NetworkOptions } from "./network/conversation-network.ts";
import type { Limits } from "./sandbox/limits/limits.ts";

/** What a factory of runtimes must know of the machine. */
export interface RuntimeOptions {
  /** DECKHAND_HOME: the folder of all that the server keeps. */
  readonly dataHome: string;
  /** The home folder of the server's user. */
  readonly userHome: string;
  /** The user's PATH. */
  readonly path: string;
  /** The network of commands; none when not given. */
  readonly network?: NetworkOptions;
  /** How much commands may take; what is not given has its default. */
  readonly limits?: Partial<Limits>;
  /** Names of files and folders that cannot be written in a workspace, in place of those of protected-paths.ts. */
  readonly protectedNames?: readonly string[];
}
