/** Converts a Jupyter notebook (nbformat 4) to text: its cells with their output, truncated. */
import { z } from "zod";

/** nbformat stores a text as one string or as a list of lines. */
const lines = z.union([z.string(), z.array(z.string()).transform((parts) => parts.join(""))]).catch("");

const output = z.object({
  text: lines.optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  ename: z.string().optional(),
  evalue: z.string().optional(),
});

const notebook = z.object({
  cells: z.array(
    z.object({ cell_type: z.string(), source: lines, outputs: z.array(output.catch({})).optional() }).catch({
      cell_type: "unreadable",
      source: "",
    }),
  ),
});

/** Of one cell. */
const maxOutputChars = 2000;

/** Undefined if the JSON is not a notebook. */
export function notebookText(json: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const parsed = notebook.safeParse(value);
  if (!parsed.success) return undefined;
  return parsed.data.cells
    .map(({ cell_type: kind, source, outputs = [] }, at) => {
      const text = outputs
        .map(outputText)
        .filter((each) => each !== "")
        .join("\n");
      return `# Cell ${at + 1} (${kind})\n${source.trimEnd()}\n${text === "" ? "" : `# Output\n${truncate(text)}\n`}`;
    })
    .join("\n");
}

function outputText({ text, data, ename, evalue }: z.infer<typeof output>): string {
  if (ename !== undefined) return `${ename}: ${evalue ?? ""}`;
  if (text !== undefined) return text.trimEnd();
  if (data === undefined) return "";
  const plain = lines.parse(data["text/plain"]);
  const others = Object.keys(data).filter((type) => type !== "text/plain" && !(plain !== "" && type === "text/html"));
  return [plain.trimEnd(), ...others.map((type) => `[${type}]`)].filter((part) => part !== "").join("\n");
}

function truncate(text: string): string {
  if (text.length <= maxOutputChars) return text;
  const half = maxOutputChars / 2;
  return `${text.slice(0, half)}\n[… ${text.length - maxOutputChars} characters omitted …]\n${text.slice(-half)}`;
}
