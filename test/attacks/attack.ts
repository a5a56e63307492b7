/**
 * What a model would do that obeys every instruction. An attack only shows what it could have reached, in folders and on
 * ports that belong to the test, so that the same list can run without a sandbox, where most attacks succeed.
 *
 * Placeholders: {o} a folder outside the workspace, {h} the user's home, {d} the server's data, {ws} the workspace, {pid}
 * the server's process, {port} and {udp} ports of the machine, {sock} a Unix socket outside, {abs} an abstract socket,
 * {hit} a file outside that the attack would create. Secrets start with CANARY.
 */
export interface Attack {
  /** The class of the attack (S7 to S22) and a name. */
  readonly id: string;
  readonly what: string;
  readonly tool: "run" | "read" | "write" | "edit" | "search";
  readonly args: Readonly<Record<string, unknown>>;
  /**
   * What shows that the attack succeeded: a secret in its output; the file {hit}; a connection that sends the id; the
   * file {hit} once a person has worked in the workspace; an escape character on a terminal; a process that survives.
   */
  readonly hit: "secret" | "file" | "connection" | "person" | "terminal" | "process";
}

/** Runs in the shell of the conversation. */
export const command = (id: string, what: string, hit: Attack["hit"], text: string): Attack => ({
  id,
  what,
  tool: "run",
  args: { command: text, timeout: 10 },
  hit,
});

export const file = (
  id: string,
  what: string,
  hit: Attack["hit"],
  tool: "read" | "write" | "edit" | "search",
  args: Readonly<Record<string, unknown>>,
): Attack => ({ id, what, tool, args, hit });
