/**
 * The complete environment of commands: an allow-list, so that no secret of the server can be in it. Interactive
 * prompts are disabled, because nobody is there to answer.
 */
export function commandEnvironment(options: {
  readonly path: string;
  readonly home: string;
  /** Additional variables, such as tool folders. */
  readonly extra?: Readonly<Record<string, string>>;
}): Record<string, string> {
  const zone = process.env["TZ"];
  return {
    PATH: options.path,
    HOME: options.home,
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    TERM: "dumb",
    ...(zone === undefined ? {} : { TZ: zone }),
    CI: "1",
    PAGER: "cat",
    GIT_PAGER: "cat",
    MANPAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    DEBIAN_FRONTEND: "noninteractive",
    PIP_NO_INPUT: "1",
    ...options.extra,
  };
}
