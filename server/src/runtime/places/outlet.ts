/** The way out of a program that runs apart, to what is allowed and nowhere else. */
export interface Outlet extends AsyncDisposable {
  /** The address of an HTTP proxy, on the machine's loopback, with what it wants to hear. */
  readonly proxy: string;
  /** Why it let something not through, where it did: the last time. */
  readonly refused: string | undefined;
}

export type OpenOutlet = (signal: AbortSignal) => Promise<Outlet>;
