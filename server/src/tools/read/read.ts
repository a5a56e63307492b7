/**
 * Reads a file: its text, or some of its lines. The agent is shown more than a client that asks for a file: folders as lists, notebooks as
 * text, images, and the parts of files that are too large to be read whole.
 */
import {
  DeckhandError,
  type ActionArgs,
  type Delta,
  type Observation,
  type ObservationExtras,
} from "@deckhand/protocol";
import type { FileData, Runtime } from "../../runtime/runtime.ts";
import { decodeText, NotTextError, withFileErrors } from "../text-file.ts";
import { selectLines } from "../line-range.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";
import { imageForModel } from "./image.ts";
import { describeBytes, imageTypeOf } from "./file-type.ts";
import { notebookText } from "./notebook.ts";
import { readLargeFile, listFolder } from "./sandbox-commands.ts";

/** Files up to this size are read whole; of larger ones the agent gets the lines that it asks for. */
const maxFileBytes = 16 * 1024 * 1024;

/** Characters of one observation; a model reads on with `start`. */
const maxChars = 60_000;

type Args = ActionArgs<"read">;
type Extras = ObservationExtras<"read">;

/** `skill` has the skills of the user's own by their names. */
export function readTool(skill: (name: string) => Promise<string | undefined> = async () => undefined): Tool<"read"> {
  return {
    action: "read",
    description:
      "Read a file: text comes with line numbers (no part of the file), from behind line `start` to line `end` (default: all); long text in part, with the `start` to go on from. An image is shown, a notebook comes as text, a folder as a list.",
    modelArgs: ["path", "start", "end"],
    effect: () => "read",
    // oxlint-disable-next-line require-yield -- a file comes whole
    async *run(args: Args, { runtime, signal, forAgent = false }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      const own =
        forAgent && args.path.startsWith("skill:") ? await skill(args.path.slice("skill:".length)) : undefined;
      if (own !== undefined) return text(args.path, own, args);
      return withFileErrors(runtime, args.path, "read", async () => {
        try {
          const file = await runtime.readFile(args.path, maxFileBytes, signal);
          return forAgent ? await shown(file, args, signal) : text(file.path, decodeText(file.data), args);
        } catch (error) {
          if (!forAgent || !(error instanceof DeckhandError)) throw error;
          return await withoutReading(error, args, runtime, signal);
        }
      });
    },
    formatForModel(event: Observation): string {
      if (event.observation !== "read") return event.content;
      const { extras, content } = event;
      if (extras.kind !== undefined && extras.kind !== "text" && extras.kind !== "notebook") return content;
      return content === "" ? "[The file is empty, or has no such lines]" : numbered(content, extras.start ?? 0);
    },
  };
}

function text(path: string, whole: string, args: Args, more: Omit<Extras, "path"> = {}): AnyOutcome {
  const start = args.start === 0 ? {} : { start: args.start };
  return {
    observation: "read",
    content: bounded(selectLines(whole, args), args.start),
    extras: { path, ...start, ...more },
  };
}

async function shown({ data, path }: FileData, args: Args, signal: AbortSignal): Promise<AnyOutcome> {
  const type = imageTypeOf(data);
  if (type !== undefined) {
    const image = await imageForModel(data, type, signal);
    if (typeof image === "string") {
      return { observation: "read", content: `[An image that cannot be shown: ${image}.]`, extras: { path } };
    }
    const { url, width, height, original } = image;
    const sized = original.width === width ? "" : `, shown as ${width} × ${height}`;
    return {
      observation: "read",
      content: `[Image: ${type}, ${original.width} × ${original.height} pixels${sized}]`,
      extras: { path, kind: "image", image: { url, width, height } },
    };
  }
  if (data.includes(0)) throw new NotTextError(describeBytes(data));
  const whole = decoded(data);
  const cells = path.endsWith(".ipynb") ? notebookText(whole) : undefined;
  return cells === undefined ? text(path, whole, args) : text(path, cells, args, { kind: "notebook" });
}

function decoded(data: Uint8Array): string {
  try {
    return decodeText(data);
  } catch (error) {
    throw error instanceof DeckhandError ? new NotTextError(describeBytes(data)) : error;
  }
}

/** A folder, or a file of which a part has to do. */
async function withoutReading(
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
  if (part.data.includes(0)) throw new NotTextError(`${describeBytes(part.data)} and more`);
  return {
    observation: "read",
    content: bounded(new TextDecoder().decode(part.data), args.start, part.cut),
    extras: { path: part.path, start: args.start },
  };
}

const goesOn = /\n\[The file goes on: read it with start \d+\]\n$/;

function bounded(shownText: string, start: number, isCut = false): string {
  if (shownText.length <= maxChars && !isCut) return shownText;
  const end = shownText.lastIndexOf("\n", maxChars) + 1 || maxChars;
  const part = shownText.slice(0, end);
  const next = start + part.split("\n").length - 1;
  return `${part}\n[The file goes on: read it with start ${next}]\n`;
}

/** As compilers count, from 1. */
function numbered(content: string, start: number): string {
  const note = goesOn.exec(content)?.[0] ?? "";
  const lines = content
    .slice(0, content.length - note.length)
    .replace(/\n$/, "")
    .split("\n");
  return lines.map((line, at) => `${start + at + 1}\t${line}`).join("\n") + note;
}
