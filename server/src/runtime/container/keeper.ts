/**
 * The conversation's shell in a container, and what starts it again (the keeper): one exec whose input are lines for the shell, whose
 * output is what commands print, and whose errors are the status records of box/driver.ts. After a command's record the shell prints a
 * mark (NUL, nonce, NUL) on the output, because the two streams arrive independently of each other; after its end the keeper does.
 *
 * With bash it is the shell of box/driver.ts. Without, it is any POSIX sh that reads its commands from its input, and knows less:
 * an interrupt, a syntax error and an assignment to a readonly variable end it, and the next command finds a new one in the same directory.
 */
import { shellLines, shellOpening } from "../box/driver.ts";
import { quoted } from "./lane-words.ts";

export interface ShellKind {
  /** Runs the keeper. No command writes a larger file. (As a limit of the container's own it would take the place of the engine's.) */
  argv(fileBytes: number): readonly string[];
  opening(nonce: string, cwd: string, workspace: string): string;
  lines(nonce: string, count: number, last: number, command: string): string;
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
# What an earlier shell left unread ends with a NUL.
while IFS= read -r -d '' -u 3 _ && IFS= read -r -d '' -u 3 nonce; do
  SHLVL=0 "$BASH" --noprofile --norc --noediting -i <&3 3<&- 200>&4 201>&5 4>&- 5>&-
  code=$?${records("done")}`;

export const bash: ShellKind = {
  argv: (fileBytes) => [
    "bash",
    "--noprofile",
    "--norc",
    "-c",
    bashKeeper,
    "deckhand-keeper",
    String(Math.ceil(fileBytes / 1024)),
  ],
  opening: (nonce, cwd, workspace) =>
    `${shellOpening(nonce)}\\builtin cd -- ${quoted(cwd)} || \\builtin cd -- ${quoted(workspace)}; \\builtin unset OLDPWD\n`,
  lines: (nonce, count, last, command) =>
    `${shellLines(count, last, command, false)}\\builtin printf ${mark(nonce)} >&201\n`,
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

export const sh: ShellKind = {
  // POSIX counts in blocks of 512 bytes.
  argv: (fileBytes) => ["sh", "-c", shKeeper, "deckhand-keeper", String(Math.ceil(fileBytes / 512))],
  opening: (nonce, cwd, workspace) =>
    `\ndeckhand-shell ${nonce}\ncd -- ${quoted(cwd)} || cd -- ${quoted(workspace)}; trap '' USR1; ` +
    "deckhand_return() { return $1; }; printf 'pid\\0%s\\0\\0\\0' $$ >&6\n",
  lines: (nonce, count, last, command) =>
    `trap 'exit 130' USR1; deckhand_return ${last}; eval ${quoted(command)} </dev/null >&7 2>&7 6>&- 7>&-; deckhand=$?; trap '' USR1\n` +
    `printf '%s\\0%s\\0%s\\0%s\\0' ${count} "$deckhand" "$deckhand" "$PWD" >&6; printf ${mark(nonce)} >&7\n`,
};
