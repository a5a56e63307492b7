/**
 * Reads the instruction files of a workspace: AGENTS.md, microagents and skills, in the places where other tools expect
 * them. They are read inside the sandbox, and no link is followed out of the workspace.
 */
import type { Runtime, RuntimeFactory, SpawnResult } from "../../runtime/runtime.ts";

export interface TextFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
}

export interface WorkspaceInstructions {
  readonly files: readonly TextFile[];
  /** Paths of the AGENTS.md files in subfolders, which are not read yet. */
  readonly nested: readonly string[];
}

const maxFileBytes = 16 * 1024;
const maxBytes = 512 * 1024;
const maxFiles = 100;
const maxNested = 20;

/**
 * Prints `path NUL text NUL` for each file, an empty path, then the paths of the nested files, each followed by NUL.
 */
const script = `
cd -P "$1" || exit
for f in AGENTS.md CLAUDE.md .openhands_instructions .openhands/microagents/*.md \\
  .openhands/skills/*/SKILL.md .agents/skills/*/SKILL.md .claude/skills/*/SKILL.md; do
  [ -f "$f" ] || continue
  case $(readlink -f -- "$f") in "$PWD"/*) ;; *) continue ;; esac
  printf '%s\\0' "$f"
  head -c ${maxFileBytes} -- "$f" | tr -d '\\000'
  printf '\\0'
done
printf '\\0'
timeout 0.3 find . -maxdepth 4 \\( -name '.?*' -o -name node_modules -o -name vendor -o -name target \\) -prune \\
  -o -type f -path './*/AGENTS.md' -printf '%P\\0'
`;

/** Without waiting for the shell when the runtime offers read-only programs. Rejects as the runtime does. */
export function instructionReader(
  look: RuntimeFactory["runReadOnly"],
  workspace: () => string,
  runtime: () => Promise<Runtime>,
): (signal: AbortSignal) => Promise<WorkspaceInstructions> {
  if (look === undefined) return async (signal) => readInstructionFiles(await runtime(), signal);
  return (signal) => read((argv) => look(workspace(), argv("."), maxBytes, signal));
}

/** Empty when the workspace cannot be read. */
export function readInstructionFiles(runtime: Runtime, signal: AbortSignal): Promise<WorkspaceInstructions> {
  return read((argv) => runtime.spawn(argv(runtime.workspace), maxBytes, signal));
}

async function read(run: (argv: (root: string) => string[]) => Promise<SpawnResult>): Promise<WorkspaceInstructions> {
  const { stdout } = await run((root) => ["sh", "-c", script, "instructions", root]);
  const [first, second] = splitAtEmptyPath(new TextDecoder().decode(stdout));
  const fields = first.split("\0");
  const files: TextFile[] = [];
  for (let at = 0; at + 1 < fields.length && files.length < maxFiles; at += 2) {
    files.push({ path: fields[at] ?? "", text: fields[at + 1] ?? "" });
  }
  const nested = second.split("\0").filter((path) => path !== "");
  return { files, nested: nested.slice(0, maxNested) };
}

/** Only at a field where a path would begin: an empty text is no separator. */
function splitAtEmptyPath(text: string): [string, string] {
  const fields = text.split("\0");
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] === "") return [fields.slice(0, at).join("\0"), fields.slice(at + 1).join("\0")];
  }
  return [text, ""];
}
