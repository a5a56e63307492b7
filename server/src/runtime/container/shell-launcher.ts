/**
 * A shell or a job in a container, and what starts it (the keeper): one exec whose input is for the bash, whose output is what it prints,
 * and whose errors are the status records of shell/shell-protocol.ts. After a command's record the shell prints a mark (NUL, nonce, NUL) on the
 * output, because the two streams arrive independently of each other; after its end the keeper does.
 *
 * With bash it is the shell of shell/shell-protocol.ts. Without, it is any POSIX sh that reads its commands from its input, and knows less:
 * an interrupt, a syntax error and an assignment to a readonly variable end it, and the next command finds a new one in the same directory.
 * It cannot tell what it knows, so a command that outlives its time-out takes that along, and no job is started beside it. What a command
 * is given to read ends with a line feed there.
 */
import { commandLines, shellPrologue, type ShellCommand } from "../shell/shell-protocol.ts";
import type { StartRequest } from "../shell/shell-streams.ts";
import { shellQuote } from "./channel-encoding.ts";

export interface ShellLauncher {
  /** Runs the keeper. No command writes a larger file. (As a limit of the container's own it would take the place of the engine's.) */
  argv(fileBytes: number): readonly string[];
  /** It can start jobs. */
  readonly hasJobs: boolean;
  /** What the keeper reads first, each time. */
  start(request: StartRequest, workspace: string): string;
  opening(nonce: string, state: string): string;
  lines(nonce: string, command: ShellCommand): string;
}

/** As printf writes it. */
const mark = (nonce: string) => `'\\0%s\\0' ${nonce}`;

const records = (next: string) => `
  printf 'exit\\0%s\\0%s\\0\\0' "$code" "$nonce" >&4
  printf '\\0%s\\0' "$nonce" >&5
${next}`;

const bashKeeper = `
exec 3<&0 4>&2 5>&1 </dev/null >/dev/null 2>&1
ulimit -Sn 4096
ulimit -c 0
ulimit -f "$1"
trap : HUP INT QUIT TERM USR1 USR2
field() { IFS= read -r -d '' -u 3 "$1"; }
# What an earlier shell left unread ends with a NUL.
while field _ && field kind && field cwd && field other && field bare && field nonce; do
  cd -- "$cwd" || cd -- "$other" || cd /
  unset OLDPWD
  if [[ $kind == shell ]]; then
    run=("$BASH" --noprofile --norc --noediting -i)
    [[ $bare ]] && run=(env -i "\${run[@]}")
    SHLVL=0 "\${run[@]}" <&3 3<&- 200>&4 201>&5 4>&- 5>&-
  else
    field script
    exec 9< <(printf %s "$script")
    run=("$BASH" --noprofile --norc -c '. /dev/fd/9')
    [[ $kind == terminal ]] && run=(script -qefc 'exec bash --noprofile --norc -c ". /dev/fd/9"' /dev/null)
    [[ $bare ]] && run=(env -i SHELL="$BASH" PATH="$PATH" "\${run[@]}")
    SHLVL=0 SHELL=$BASH "\${run[@]}" <&3 3<&- >&5 2>&1 5>&- 200>&4 4>&-
  fi
  code=$?
  exec 9<&-${records("done")}`;

export const bashLauncher: ShellLauncher = {
  argv: (fileBytes) => [
    "bash",
    "--noprofile",
    "--norc",
    "-c",
    bashKeeper,
    "deckhand-keeper",
    String(Math.ceil(fileBytes / 1024)),
  ],
  hasJobs: true,
  start: ({ kind, terminal, cwd, cleanEnvironment: bare }, workspace) =>
    ["", terminal ? "terminal" : kind, cwd, workspace, bare ? "1" : ""].join("\0"),
  opening: shellPrologue,
  lines: (nonce, command) => `${commandLines(command)}\\builtin printf ${mark(nonce)} >&201\n`,
};

const shKeeper = `
exec 3<&0 4>&2 5>&1 </dev/null >/dev/null 2>&1
ulimit -c 0
ulimit -f "$1"
trap : HUP INT QUIT TERM USR1 USR2
while IFS= read -r line <&3; do
  case $line in deckhand-shell\\ *) nonce=\${line#* } ;; *) continue ;; esac
  sh -s <&3 3<&- 6>&4 7>&5 4>&- 5>&-
  code=$?${records("done")}`;

export const shLauncher: ShellLauncher = {
  // POSIX counts in blocks of 512 bytes.
  argv: (fileBytes) => ["sh", "-c", shKeeper, "deckhand-keeper", String(Math.ceil(fileBytes / 512))],
  hasJobs: false,
  start: ({ nonce, cwd }, workspace) =>
    `\ndeckhand-shell ${nonce}\ncd -- ${shellQuote(cwd)} || cd -- ${shellQuote(workspace)}\n`,
  opening: () => "trap '' USR1; deckhand_return() { return $1; }; printf 'pid\\0%s\\0\\0\\0' $$ >&6\n",
  lines: (nonce, { number: count, lastExitCode: last, command, input }) =>
    `trap 'exit 130' USR1; deckhand_return ${last}; eval ${shellQuote(command)} ${from(nonce, input)}; deckhand=$?; trap '' USR1\n` +
    (input === undefined ? "" : `${input.replace(/\n$/, "")}\n${nonce}\n`) +
    `printf '%s\\0%s\\0%s\\0%s\\0' ${count} "$deckhand" "$deckhand" "$PWD" >&6; printf 'state\\0\\0\\0\\0' >&6; printf ${mark(nonce)} >&7\n`,
};

/** Without a pipe, which would run the command in another shell; so what is read ends with a line feed. */
function from(nonce: string, input: string | undefined): string {
  return `${input === undefined ? "</dev/null" : `<<'${nonce}'`} >&7 2>&7 6>&- 7>&-`;
}
