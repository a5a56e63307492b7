/**
 * Reads a file or some of its lines. The agent gets more than a client that asks for a file: folders are listed,
 * notebooks converted to text, images shown, and files that are too large to be read whole are read in parts.
 */
import {
  DeckhandError,
  type ActionArgs,
  type Delta,
  type Observation,
  type ObservationExtras,
} from "@deckhand/protocol";
import type { FileData, Runtime } from "../../runtime/runtime.ts";
import { selectLines } from "../line-range.ts";
import { decodeText, maxFileBytes, NotTextError, withFileErrors } from "../text-file.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";
import { describeType, imageTypeOf } from "./file-type.ts";
import { imageForModel } from "./image.ts";
import { notebookText } from "./notebook.ts";
import { listFolder, readLargeFile } from "./sandbox-commands.ts";

/** Characters of one observation; the model continues with `start`. */
const maxChars = 60_000;

const skillPrefix = "skill:";

type Args = ActionArgs<"read">;
type Extras = ObservationExtras<"read">;

/** `skill` finds one of the user's own skills by name. */
export function readTool(skill: (name: string) => Promise<string | undefined> = async () => undefined): Tool<"read"> {
  return {
    action: "read",
    description:
      "Read a file. Text is returned with line numbers (not part of the file), from after line `start` to line `end` (default: all); long text in part, with the `start` to continue from. Images are shown, notebooks converted to text, folders listed.",
    modelArgs: ["path", "start", "end"],
    effect: () => "read",
    // oxlint-disable-next-line require-yield -- there is nothing to stream
    async *run(args: Args, { runtime, signal, forAgent = false }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      const isSkill = forAgent && args.path.startsWith(skillPrefix);
      const skillText = isSkill ? await skill(args.path.slice(skillPrefix.length)) : undefined;
      if (skillText !== undefined) return textOutcome(args.path, skillText, args);
      return withFileErrors(runtime, args.path, "read", async () => {
        try {
          const file = await runtime.readFile(args.path, maxFileBytes, signal);
          return forAgent
            ? await outcomeForAgent(file, args, signal)
            : textOutcome(file.path, decodeText(file.data), args);
        } catch (error) {
          if (!forAgent || !(error instanceof DeckhandError)) throw error;
          return await readWithCommands(error, args, runtime, signal);
        }
      });
    },
    formatForModel(event: Observation): string {
      if (event.observation !== "read") return event.content;
      const { extras, content } = event;
      if (extras.kind !== undefined && extras.kind !== "text" && extras.kind !== "notebook") return content;
      return content === ""
        ? "[The file is empty or has no lines in this range]"
        : numbered(content, extras.start ?? 0);
    },
  };
}

function textOutcome(path: string, text: string, args: Args, more: Omit<Extras, "path"> = {}): AnyOutcome {
  const start = args.start === 0 ? {} : { start: args.start };
  return {
    observation: "read",
    content: truncate(selectLines(text, args), args.start),
    extras: { path, ...start, ...more },
  };
}

async function outcomeForAgent({ data, path }: FileData, args: Args, signal: AbortSignal): Promise<AnyOutcome> {
  const type = imageTypeOf(data);
  if (type !== undefined) {
    const result = await imageForModel(data, type, signal);
    if (result.type === "unreadable") {
      return { observation: "read", content: `[The image cannot be shown: ${result.reason}.]`, extras: { path } };
    }
    const { url, width, height, original } = result.image;
    const resized = original.width === width ? "" : `, shown as ${width} × ${height}`;
    return {
      observation: "read",
      content: `[Image: ${type}, ${original.width} × ${original.height} pixels${resized}]`,
      extras: { path, kind: "image", image: { url, width, height } },
    };
  }
  if (data.includes(0)) throw notText(data);
  const text = decodeOrDescribe(data);
  const cells = path.endsWith(".ipynb") ? notebookText(text) : undefined;
  return cells === undefined ? textOutcome(path, text, args) : textOutcome(path, cells, args, { kind: "notebook" });
}

function decodeOrDescribe(data: Uint8Array): string {
  try {
    return decodeText(data);
  } catch (error) {
    throw error instanceof DeckhandError ? notText(data) : error;
  }
}

function notText(data: Uint8Array): NotTextError {
  return new NotTextError(`${describeType(data)} (${data.length.toLocaleString("en")} bytes)`);
}

/** Lists a folder, or reads part of a file that is too large. */
async function readWithCommands(
  error: DeckhandError,
  args: Args,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<AnyOutcome> {
  if (error.code === "is_directory") {
    const { path, content } = await listFolder(args.path, runtime, signal);
    return { observation: "read", content, extras: { path, kind: "folder" } };
  }
  if (error.code !== "file_too_large") throw error;
  const part = await readLargeFile(args, maxChars, runtime, signal);
  if (part.data.includes(0)) throw new NotTextError(describeType(part.data));
  return {
    observation: "read",
    content: truncate(new TextDecoder().decode(part.data), args.start, part.cut),
    extras: { path: part.path, start: args.start },
  };
}

const truncationNote = /\n\[Truncated\. Continue with start \d+\.\]\n$/;

function truncate(text: string, start: number, isCut = false): string {
  if (text.length <= maxChars && !isCut) return text;
  const end = text.lastIndexOf("\n", maxChars) + 1 || maxChars;
  const part = text.slice(0, end);
  const next = start + part.split("\n").length - 1;
  return `${part}\n[Truncated. Continue with start ${next}.]\n`;
}

/** Numbers lines from 1, as compilers do. */
function numbered(content: string, start: number): string {
  const note = truncationNote.exec(content)?.[0] ?? "";
  const lines = content
    .slice(0, content.length - note.length)
    .replace(/\n$/, "")
    .split("\n");
  return lines.map((line, at) => `${start + at + 1}\t${line}`).join("\n") + note;
}
