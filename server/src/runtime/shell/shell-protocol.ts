/**
 * How the server talks to the processes in a sandbox: one bash that supervises (supervisor.sh), an interactive bash
 * that is the conversation's shell, a bash per job or terminal, and two request loops ("channels") for files and
 * programs. The sandbox needs nothing but bash and coreutils, and `script` of util-linux for terminals.
 *
 *   supervisor = files channel ──┬── programs channel
 *                                ├── launcher ── shell ── the agent's commands
 *                                └── launcher ── job
 *
 * The supervisor's descriptors (all sockets except `output`, which is a real pipe so that commands can open
 * /dev/stdout):
 *
 *   3 shellIn   input of the shell               6 filesIn  7 filesOut  8 filesErr
 *   4 status    records of shell and launcher    9 programsIn  10 programsOut  11 programsErr
 *   5 output    what commands print              12 to 15 for bubblewrap
 *
 * 3, 4 and 5 are the streams of the first shell. A job, and a shell that starts while another one is still busy, get
 * FIFOs instead (shell-streams.ts). A shell has its input as standard input, `status` as 200 and `output` as 201;
 * commands see none of the three.
 *
 * A status record has four fields, each ended by NUL:
 *   pid   \0 pid of the shell or job \0 with a terminal, pid of the process that has it \0 \0
 *   N     \0 exit code, or "run" \0 $? \0 $PWD \0    command N has ended; "run": it was interrupted
 *   state \0 script that restores the shell's state in another shell \0 \0 \0
 *   exit  \0 exit code of the shell or job \0 its nonce \0 \0
 *
 * A channel reads `kind \0 nonce \0 cwd \0 …` and replies with raw bytes followed by `nonce status \0` on its out, and
 * with the program's stderr followed by `nonce \0` on its err. Every nonce is new, so no file can contain it. A channel
 * starts by writing its pid to err.
 *
 * The shell is interactive (`-i`) although nobody types: only then does an interrupt discard the rest of a list and
 * leave the shell alive. It has no terminal and no job control. A command runs as PROMPT_COMMAND, where bash prints no
 * job numbers and where `break` and `return` find no loop or function of ours around them.
 *
 * To interrupt, the server sends SIGUSR1 to the shell and SIGINT to what it runs. The trap runs when the current
 * program has ended, whatever its exit code, and before the next one of the list starts; it sends SIGINT to the shell
 * itself, which then goes back to reading input. A trap that runs while the idle shell reads a line would crash it
 * (bash 5.2), so SIGUSR1 is ignored except while a command runs, and the trap disarms itself first.
 *
 * After each command, once its end record is written, the shell reports its state (0.2 ms). A command that outlives its
 * time-out keeps its shell, and the next command must find everything as it was before.
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

/** Path of the supervisor script on this machine and in the sandbox. */
export const supervisorPath = join(import.meta.dirname, "supervisor.sh");
export const supervisorPathInSandbox = "/etc/deckhand/supervisor.sh";

/**
 * Command line of the supervisor script at `file`. `zones` are the writable folders, without symbolic links, the
 * workspace first. `mark` (`NAME=value`) is in the environment of everything the supervisor starts; once the server is
 * gone, every process with the mark is killed. `limits` are arguments of `ulimit` (`-f=1024 -u=100`) that apply to
 * everything inside.
 */
export function supervisorCommand(
  file: string,
  zones: readonly string[],
  mark: string,
  limits = "",
): readonly string[] {
  return ["/bin/bash", "--noprofile", "--norc", file, mark, limits, ...zones];
}

/** First input of a new shell. `nonce` is the one it was started with; `state` is what another shell reported. */
export function shellPrologue(nonce: string, state: string): string {
  return (
    `\0${nonce}\0` +
    "\\builtin set +o history +H +m; \\builtin unset HISTFILE MAILCHECK; \\builtin shopt -u checkwinsize; " +
    restoreState(state) +
    // With execfail a failed `exec` does not end the shell. The function gives a command the `$?` of the previous one.
    "\\builtin shopt -s execfail; __deckhand_return() { \\return $1; }; \\builtin trap '' USR1; " +
    "\\builtin printf 'pid\\0%s\\0\\0\\0' $$ >&200\n"
  );
}

/** First input of a new job. `state` as for a shell. */
export function jobScript(nonce: string, state: string, command: string, terminal: Terminal | undefined): string {
  const screen =
    terminal === undefined
      ? ""
      : // With job control each program has the foreground to itself, and Ctrl-C reaches it alone.
        `\\builtin export TERM=xterm-256color; \\unset COLUMNS LINES; stty rows ${terminal.rows} cols ${terminal.columns}; \\builtin set -m\n`;
  return (
    `\0${nonce}\0` +
    // Not `builtin exec`, whose redirections do not last.
    `\\builtin printf 'pid\\0%s\\0%s\\0\\0' ${terminal === undefined ? "$$ ''" : "$PPID $$"} >&200; \\exec 9<&- 200>&-\n` +
    `${restoreState(state)}\n${screen}\\builtin eval ${quoted(command)}\n\0`
  );
}

/**
 * Reports the state. Options come before the functions that need them to be parsed, aliases after what they would
 * change, and `set -e` last. Not carried over: traps, open files, `ulimit` limits, the shell's list of background
 * processes.
 */
const reportState =
  "\\builtin printf 'state\\0'; \\builtin shopt -p; \\builtin declare -p; \\builtin declare -f; \\builtin declare -F; " +
  "\\builtin umask -p; \\builtin printf 'set --'; [[ $# == 0 ]] || \\builtin printf ' %q' \"$@\"; \\builtin printf '\\n'; \\builtin alias -p; \\builtin set +o; \\builtin printf '\\0\\0\\0'";

/**
 * Much of the state cannot be set (`UID`); those errors are discarded. Lines that turn an editing mode off are removed,
 * because bash would drop the rest of the line.
 */
function restoreState(state: string): string {
  const settable = state.replaceAll(/^set \+o (?:emacs|vi)$/gm, "");
  return state === "" ? "" : `\\builtin eval ${quoted(settable)} >/dev/null 2>&1 || \\builtin :; `;
}

/** In the environment of a command's processes if nothing else identifies them. */
export const commandVariable = "DECKHAND_COMMAND";

const armTrap = `\\builtin trap '\\builtin trap "" USR1; \\builtin trap - INT; \\builtin kill -INT $$' USR1`;

export interface ShellCommand {
  readonly number: number;
  /** `$?` at its start. */
  readonly lastExitCode: number;
  readonly command: string;
  /** Standard input; empty if undefined. */
  readonly input: string | undefined;
  /** Exports the command's number as DECKHAND_COMMAND. */
  readonly tagged: boolean;
  /** Reports the shell's state after the command. */
  readonly reportsState: boolean;
}

/** The input that runs a command. */
export function commandLines({ number, lastExitCode, command, input, tagged, reportsState }: ShellCommand): string {
  // Under `set -e` a failing function would end the shell.
  const setExitCode = lastExitCode === 0 ? "" : `[[ $- == *e* ]] || __deckhand_return ${lastExitCode}; `;
  const tag = tagged ? `\\builtin export ${commandVariable}=${number}; ` : "";
  const stdin = input === undefined ? "</dev/null" : `< <(\\builtin printf %s ${quoted(input)} 200>&- 201>&-)`;
  const run =
    `\\unset PROMPT_COMMAND; ${tag}${armTrap}; ${setExitCode}` +
    `\\builtin eval ${quoted(command)} ${stdin} >&201 2>&201 200>&- 201>&-; __deckhand=$?; \\builtin trap '' USR1`;
  return (
    `__deckhand=run PROMPT_COMMAND=${quoted(run)}\n` +
    `\\builtin printf '%s\\0%s\\0%s\\0%s\\0' ${number} "$__deckhand" "$?" "$PWD" >&200` +
    `${reportsState ? `; { ${reportState}; } >&200 2>/dev/null` : ""}\n`
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
