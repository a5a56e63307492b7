/** Files that were sent before the conversation was begun that works on them. */
export interface Uploads {
  /** Fails with `bad_args` where there is none of that id. */
  check(id: string): Promise<void>;
  /** Moves its files into the empty folder. It is used up. */
  take(id: string, into: string): Promise<void>;
}
