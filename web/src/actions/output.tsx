import type { ObservationExtras } from "@deckhand/protocol";

/** Characters put on the page at most: a browser lays out no more in one go without a pause. */
const mostText = 40_000;
const box = "max-h-80 overflow-auto border-t border-line bg-page/60 px-3 py-2 font-mono text-[13px] leading-normal";

interface OutputProps {
  readonly label: string;
  readonly text: string;
  readonly tone: "plain" | "bad";
}

/** Text from tools is shown as text, whatever is in it. */
export function Output({ label, text, tone }: OutputProps) {
  return (
    <pre tabIndex={0} aria-label={label} className={`${box} plain-text ${tone === "bad" ? "text-bad" : ""}`}>
      {bounded(withoutColours(text))}
    </pre>
  );
}

export function Diff({ text }: { readonly text: string }) {
  const lines = bounded(hunksOf(text)).split("\n");
  return (
    <pre tabIndex={0} aria-label="Changes" className={box}>
      {lines.map((line, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the lines of a diff stay where they are
        <span key={index} className={`block min-h-5 ${colourOf(line)}`}>
          {line}
        </span>
      ))}
    </pre>
  );
}

const marks = { todo: "○", in_progress: "◐", done: "●" } as const;
const words = { todo: "to do", in_progress: "in progress", done: "done" } as const;

export function PlanList({ tasks }: { readonly tasks: ObservationExtras<"plan">["tasks"] }) {
  return (
    <ul className="border-t border-line px-3 py-2 text-sm">
      {tasks.map((task) => (
        <li key={task.title} className={`flex gap-2 ${task.status === "done" ? "text-muted" : ""}`}>
          <span aria-hidden="true" className="text-accent">
            {marks[task.status]}
          </span>
          <span className="sr-only">{words[task.status]}: </span>
          {task.title}
        </li>
      ))}
    </ul>
  );
}

/** A unified diff without its head: the file's name stands in the line above. */
function hunksOf(text: string): string {
  const first = text.search(/^@@/m);
  return (first === -1 ? text : text.slice(first)).trimEnd();
}

function colourOf(line: string): string {
  if (line.startsWith("@@")) return "text-muted";
  if (line.startsWith("+")) return "bg-good/10 text-good";
  if (line.startsWith("-")) return "bg-bad/10 text-bad";
  return "";
}

function bounded(text: string): string {
  if (text.length <= mostText) return text;
  const half = mostText / 2;
  return `${text.slice(0, half)}\n… ${text.length - mostText} characters are not shown …\n${text.slice(-half)}`;
}

/** Terminal colours (ECMA-48 CSI sequences) would be litter here. */
function withoutColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- ESC is what they begin with
  return text.replaceAll(/\u001B\[[0-?]*[ -/]*[@-~]/g, "");
}
