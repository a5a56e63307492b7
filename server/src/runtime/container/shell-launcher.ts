/**
 * A launcher starts shells and jobs in a container: it is one exec whose stdin is the input of the bash, whose stdout
 * is the output of its commands, and whose stderr carries the status records of shell/shell-protocol.ts. The streams
 * arrive independently of each other, so the shell prints a marker (NUL, nonce, NUL) to the output after each command's
 * record, and the launcher prints one after the shell ends.
 *
 * With bash it starts the shell of shell/shell-protocol.ts. Without, it starts any POSIX sh that reads its commands
 * from stdin, with these limitations: an interrupt, a syntax error or an assignment to a readonly variable ends the
 * shell, and the next command runs in a new one in the same directory. It cannot report its state, so a command that
 * outlives its time-out takes the state along, and no background process can be started. The stdin of a command always
 * ends with a line feed.
 */
import { commandLines, shellPrologue, type ShellCommand } from "../shell/shell-protocol.ts";
import type { StartRequest } from "../shell/shell-streams.ts";
import { shellQuote } from "./channel-encoding.ts";

export interface ShellLauncher {
  /**
   * Runs the launcher. `fileBytes` is enforced here, because a ulimit of the container would replace those of the
   * engine.
   */
  argv(fileBytes: number): readonly string[];
  /** Supports background processes. */
  readonly hasJobs: boolean;
  /** What the launcher must read to start a shell or job. */
  start(request: StartRequest, workspace: string): string;
  /** As in `ShellDialect`. */
  prologue(nonce: string, state: string): string;
  commandLines(nonce: string, command: ShellCommand): string;
}

/** Arguments for printf. */
const marker = (nonce: string) => `'\\0%s\\0' ${nonce}`;

const reportExit = (next: string) => `
  printf 'exit\\0%s\\0%s\\0\\0' "$code" "$nonce" >&4
  printf '\\0%s\\0' "$nonce" >&5
${next}`;

const bashScript = `
exec 3<&0 4>&2 5>&1 </dev/null >/dev/null 2>&1
ulimit -Sn 4096
ulimit -c 0
ulimit -f "$1"
trap : HUP INT QUIT TERM USR1 USR2
field() { IFS= read -r -d '' -u 3 "$1"; }
# Input that an earlier shell left unread ends with a NUL.
while field _ && field kind && field cwd && field fallback && field clean && field nonce; do
  cd -- "$cwd" || cd -- "$fallback" || cd /
  unset OLDPWD
  if [[ $kind == shell ]]; then
    run=("$BASH" --noprofile --norc --noediting -i)
    [[ $clean ]] && run=(env -i "\${run[@]}")
    SHLVL=0 "\${run[@]}" <&3 3<&- 200>&4 201>&5 4>&- 5>&-
  else
    field script
    exec 9< <(printf %s "$script")
    run=("$BASH" --noprofile --norc -c '. /dev/fd/9')
    [[ $kind == terminal ]] && run=(script -qefc 'exec bash --noprofile --norc -c ". /dev/fd/9"' /dev/null)
    [[ $clean ]] && run=(env -i SHELL="$BASH" PATH="$PATH" "\${run[@]}")
    SHLVL=0 SHELL=$BASH "\${run[@]}" <&3 3<&- >&5 2>&1 5>&- 200>&4 4>&-
  fi
  code=$?
  exec 9<&-${reportExit("done")}`;

export const bashLauncher: ShellLauncher = {
  argv: (fileBytes) => [
    "bash",
    "--noprofile",
    "--norc",
    "-c",
    bashScript,
    "deckhand-launcher",
    String(Math.ceil(fileBytes / 1024)),
  ],
  hasJobs: true,
  start: ({ kind, terminal, cwd, cleanEnvironment }, workspace) =>
    ["", terminal ? "terminal" : kind, cwd, workspace, cleanEnvironment ? "1" : ""].join("\0"),
  prologue: shellPrologue,
  commandLines: (nonce, command) => `${commandLines(command)}\\builtin printf ${marker(nonce)} >&201\n`,
};

const shScript = `
exec 3<&0 4>&2 5>&1 </dev/null >/dev/null 2>&1
ulimit -c 0
ulimit -f "$1"
trap : HUP INT QUIT TERM USR1 USR2
while IFS= read -r line <&3; do
  case $line in deckhand-shell\\ *) nonce=\${line#* } ;; *) continue ;; esac
  sh -s <&3 3<&- 6>&4 7>&5 4>&- 5>&-
  code=$?${reportExit("done")}`;

export const shLauncher: ShellLauncher = {
  // POSIX ulimit counts blocks of 512 bytes.
  argv: (fileBytes) => ["sh", "-c", shScript, "deckhand-launcher", String(Math.ceil(fileBytes / 512))],
  hasJobs: false,
  start: ({ nonce, cwd }, workspace) =>
    `\ndeckhand-shell ${nonce}\ncd -- ${shellQuote(cwd)} || cd -- ${shellQuote(workspace)}\n`,
  prologue: () => "trap '' USR1; deckhand_return() { return $1; }; printf 'pid\\0%s\\0\\0\\0' $$ >&6\n",
  commandLines: (nonce, { number, lastExitCode, command, input }) =>
    `trap 'exit 130' USR1; deckhand_return ${lastExitCode}; eval ${shellQuote(command)} ${redirections(nonce, input)}; deckhand=$?; trap '' USR1\n` +
    (input === undefined ? "" : `${input.replace(/\n$/, "")}\n${nonce}\n`) +
    `printf '%s\\0%s\\0%s\\0%s\\0' ${number} "$deckhand" "$deckhand" "$PWD" >&6; printf 'state\\0\\0\\0\\0' >&6; printf ${marker(nonce)} >&7\n`,
};

/** A here-document, whose content ends with a line feed, because a pipe would run the command in a subshell. */
function redirections(nonce: string, input: string | undefined): string {
  return `${input === undefined ? "</dev/null" : `<<'${nonce}'`} >&7 2>&7 6>&- 7>&-`;
}
