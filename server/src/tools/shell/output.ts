/** The output of commands and jobs, as fields of an event and as text for the model. */
import type { JobState, ObservationExtras } from "@deckhand/protocol";
import type { JobLook } from "../../runtime/jobs.ts";
import type { ExecResult } from "../../runtime/runtime.ts";

type JobExtras = Pick<ObservationExtras<"job">, "job" | "screen">;
type FullOutputExtras = Pick<ObservationExtras<"run">, "truncated" | "whole">;

export function fullOutputExtras(file: ExecResult["fullOutput"]): FullOutputExtras {
  if (file === undefined) return { truncated: false };
  return { truncated: true, whole: { path: file.path, size_bytes: file.sizeBytes, cut: file.cut } };
}

export function jobExtras({ status, screen }: Pick<JobLook, "status" | "screen">): JobExtras {
  const { id, state, exitCode } = status;
  const job: JobState = { id, state, ...(exitCode === undefined ? {} : { exit_code: exitCode }) };
  if (screen === undefined) return { job };
  const { rows, columns, cursor, alternate } = screen;
  return { job, screen: { rows, cols: columns, cursor_row: cursor.row, cursor_col: cursor.column, alternate } };
}

/** Control characters and undecodable bytes make up less than this of anything that a person would read. */
const maxBinaryShare = 0.1;

/** The text, or a note in its place if it is binary data. */
export function textOrBinaryNote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const binaryChars = text.match(/[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f\ufffd]/g)?.length ?? 0;
  if (binaryChars < 16 || binaryChars < text.length * maxBinaryShare) return text;
  return "[Binary output not shown. Redirect it to a file, or pipe it through xxd.]";
}

/** Where the output that was left out can be read. */
export function describeFullOutput(file: FullOutputExtras["whole"]): string {
  return file === undefined ? "" : `\n[Output truncated. Full output (${file.size_bytes} bytes): ${file.path}]`;
}

export function describeJob(
  content: string,
  { job, screen, whole }: JobExtras & Pick<FullOutputExtras, "whole">,
): string {
  const { id, state, exit_code: code } = job;
  const status = state === "running" ? "is running" : `has ended with exit code ${code ?? -1}`;
  const screenNote =
    screen === undefined || state === "ended"
      ? ""
      : `, screen of ${screen.rows} rows and ${screen.cols} columns, cursor at row ${screen.cursor_row}, column ${screen.cursor_col}`;
  return `${content.trimEnd()}${describeFullOutput(whole)}\n[job ${id} ${status}${screenNote}]`.trimStart();
}
