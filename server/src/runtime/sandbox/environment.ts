/**
 * All of the environment that commands get: an allow-list, so that no secret of the server's can be in it. What a program would ask on
 * a terminal is answered beforehand, because nobody sits there.
 */
export function commandEnvironment(options: {
  readonly path: string;
  readonly home: string;
  /** More of it, such as the folders of tools. */
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
