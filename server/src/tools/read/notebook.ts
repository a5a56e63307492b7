/** A Jupyter notebook (nbformat 4) as text: its cells, and what they printed, bounded. */
import { z } from "zod";

/** nbformat keeps a text whole or as its lines. */
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

/** Characters of what one cell printed. */
const maxOutputChars = 2000;

/** Undefined for what is no notebook. */
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
      const printed = outputs
        .map(printedOf)
        .filter((text) => text !== "")
        .join("\n");
      return `# Cell ${at + 1} (${kind})\n${source.trimEnd()}\n${printed === "" ? "" : `# Output\n${bounded(printed)}\n`}`;
    })
    .join("\n");
}

function printedOf({ text, data, ename, evalue }: z.infer<typeof output>): string {
  if (ename !== undefined) return `${ename}: ${evalue ?? ""}`;
  if (text !== undefined) return text.trimEnd();
  if (data === undefined) return "";
  const shown = lines.parse(data["text/plain"]);
  const others = Object.keys(data).filter((type) => type !== "text/plain" && !(shown !== "" && type === "text/html"));
  return [shown.trimEnd(), ...others.map((type) => `[${type}]`)].filter((part) => part !== "").join("\n");
}

function bounded(text: string): string {
  if (text.length <= maxOutputChars) return text;
  const half = maxOutputChars / 2;
  return `${text.slice(0, half)}\n[… ${text.length - maxOutputChars} characters …]\n${text.slice(-half)}`;
}
