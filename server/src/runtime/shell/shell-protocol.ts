/**
 * What runs inside: one bash that supervises, an interactive bash that is the conversation's shell, a bash for each job, and two loops
 * ("lanes") for files and programs. supervisor.sh is its text; nothing else is needed in the sandbox than bash and coreutils, and
 * `script` of util-linux for terminals.
 *
 *   supervisor = files lane ──┬── programs lane
 *                             ├── keeper ── shell ── the agent's commands
 *                             └── keeper ── job
 *
 * Descriptors that the supervisor is started with (all of them sockets but `output`, which is a true pipe so that a command can
 * open /dev/stdout):
 *
 *   3 shellIn   lines for the shell            6 filesIn  7 filesOut  8 filesErr
 *   4 status    records from shell and keeper  9 programsIn  10 programsOut  11 programsErr
 *   5 output    what commands print            12 to 15 for bubblewrap
 *
 * 3, 4 and 5 are the streams of the first shell. A job, and a shell that starts while another one is still busy, have FIFOs of their own
 * (shell-streams.ts). A shell gets its input as standard input, `status` as 200 and `output` as 201; a command sees none of the three.
 *
 * Status records are four fields, each ended by NUL:
 *   pid   \0 the pid of shell or job \0 with a terminal, the pid of what has it \0 \0
 *   N     \0 "run" or the exit code \0 $? \0 $PWD \0    command N ended; "run": it was broken off
 *   state \0 what to evaluate to be as that shell is now \0 \0 \0
 *   exit  \0 the exit code of shell or job \0 its nonce \0 \0
 *
 * A lane takes `request \0 nonce \0 cwd \0 …`, answers with raw bytes on its out, then `nonce word \0`, and on its err with what the
 * program said, then `nonce \0`. The nonce is new each time, so no file can contain it. A lane's first word on err is its pid.
 *
 * The shell is interactive (`-i`) though nobody types: only then does an interrupt throw away the rest of a list and leave the
 * shell alive. It has no terminal and no job control. A command is run as PROMPT_COMMAND, where bash prints no job numbers and where
 * `break` or `return` have no loop or function of ours around them.
 *
 * To interrupt, the server sends USR1 to the shell and SIGINT to what it runs. The trap is carried out when the program that runs
 * has ended, whatever its status, and before the next one of the list starts; it sends SIGINT to the shell itself, which then goes back
 * to reading. Signals in the idle shell would crash it (bash 5.2 runs traps in the middle of reading a line), so USR1 is ignored
 * but while a command runs, and the trap disarms itself first.
 *
 * After each command the shell tells its state (0.2 ms, when the command's end has been told): a command that outlives its time-out keeps
 * its shell, and the next one is to find everything as it was before.
 */
import { join } from "node:path";
import type { Terminal } from "../jobs.ts";

export const descriptors = {
  shellIn: 3,
  status: 4,
  output: 5,
  filesIn: 6,
  filesOut: 7,
  filesErr: 8,
  programsIn: 9,
  programsOut: 10,
  programsErr: 11,
  info: 12,
  arguments: 13,
  outerArguments: 14,
  filter: 15,
} as const;

/** Where the supervisor's text lies, and where it is shown behind a wall. */
export const supervisorPath = join(import.meta.dirname, "supervisor.sh");
export const supervisorPathInSandbox = "/etc/deckhand/supervisor.sh";

/**
 * Argv of the supervisor, whose text is at `file`. `zones` are the folders, without symbolic links, in which files may be written; the first is the workspace.
 * `mark` (`NAME=value`) stands in the environment of everything that it starts; when the server is gone, what has it is killed.
 * `limits` are arguments of `ulimit` (`-f=1024 -u=100`) that hold for everything inside.
 */
export function supervisorCommand(
  file: string,
  zones: readonly string[],
  mark: string,
  limits = "",
): readonly string[] {
  return ["/bin/bash", "--noprofile", "--norc", file, mark, limits, ...zones];
}

/** First lines for a new shell; `nonce` is the one that it was started with, `state` what another shell told of itself. */
export function shellPrologue(nonce: string, state: string): string {
  return (
    `\0${nonce}\0` +
    "\\builtin set +o history +H +m; \\builtin unset HISTFILE MAILCHECK; \\builtin shopt -u checkwinsize; " +
    restoring(state) +
    // With execfail a failed `exec` does not end the shell. The function gives a command the `$?` of the one before it.
    "\\builtin shopt -s execfail; __deckhand_return() { \\return $1; }; \\builtin trap '' USR1; " +
    "\\builtin printf 'pid\\0%s\\0\\0\\0' $$ >&200\n"
  );
}

/** What goes first to a new job. `state` as for a shell. */
export function jobScript(nonce: string, state: string, command: string, terminal: Terminal | undefined): string {
  const screen =
    terminal === undefined
      ? ""
      : // With job control each program is alone in the foreground, and Ctrl-C is for it alone.
        `\\builtin export TERM=xterm-256color; \\unset COLUMNS LINES; stty rows ${terminal.rows} cols ${terminal.columns}; \\builtin set -m\n`;
  return (
    `\0${nonce}\0` +
    // Not `builtin exec`: there a redirection does not last.
    `\\builtin printf 'pid\\0%s\\0%s\\0\\0' ${terminal === undefined ? "$$ ''" : "$PPID $$"} >&200; \\exec 9<&- 200>&-\n` +
    `${restoring(state)}\n${screen}\\builtin eval ${quoted(command)}\n\0`
  );
}

/**
 * Options come before the functions that need them to be read, aliases after what they would change, and `set -e` last. Not carried
 * over: traps, open files, limits of `ulimit`, the shell's own list of background processes.
 */
const telling =
  "\\builtin printf 'state\\0'; \\builtin shopt -p; \\builtin declare -p; \\builtin declare -f; \\builtin declare -F; " +
  "\\builtin umask -p; \\builtin printf 'set --'; [[ $# == 0 ]] || \\builtin printf ' %q' \"$@\"; \\builtin printf '\\n'; \\builtin alias -p; \\builtin set +o; \\builtin printf '\\0\\0\\0'";

/** Much of it cannot be set (`UID`) and says so to nobody. An editing mode that is turned off throws the rest of the line away. */
function restoring(state: string): string {
  const settable = state.replaceAll(/^set \+o (?:emacs|vi)$/gm, "");
  return state === "" ? "" : `\\builtin eval ${quoted(settable)} >/dev/null 2>&1 || \\builtin :; `;
}

/** In the environment of what a command starts, where only that can tell which one it was. */
export const commandVariable = "DECKHAND_COMMAND";

const armed = `\\builtin trap '\\builtin trap "" USR1; \\builtin trap - INT; \\builtin kill -INT $$' USR1`;

export interface ShellCommand {
  readonly number: number;
  /** `$?` at its start. */
  readonly lastExitCode: number;
  readonly command: string;
  /** Its standard input; empty without it. */
  readonly input: string | undefined;
  /** Puts its number into its environment. */
  readonly tagged: boolean;
  /** Tells the shell's state when it has ended. */
  readonly reportsState: boolean;
}

/** Lines that run a command. */
export function commandLines({
  number: count,
  lastExitCode: last,
  command,
  input,
  tagged: named,
  reportsState: tells,
}: ShellCommand): string {
  // Under `set -e` a function that fails would end the shell.
  const restore = last === 0 ? "" : `[[ $- == *e* ]] || __deckhand_return ${last}; `;
  const name = named ? `\\builtin export ${commandVariable}=${count}; ` : "";
  const from = input === undefined ? "</dev/null" : `< <(\\builtin printf %s ${quoted(input)} 200>&- 201>&-)`;
  const run =
    `\\unset PROMPT_COMMAND; ${name}${armed}; ${restore}` +
    `\\builtin eval ${quoted(command)} ${from} >&201 2>&201 200>&- 201>&-; __deckhand=$?; \\builtin trap '' USR1`;
  return (
    `__deckhand=run PROMPT_COMMAND=${quoted(run)}\n` +
    `\\builtin printf '%s\\0%s\\0%s\\0%s\\0' ${count} "$__deckhand" "$?" "$PWD" >&200` +
    `${tells ? `; { ${telling}; } >&200 2>/dev/null` : ""}\n`
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
