/** What commands and jobs have printed, for an event and in words for the model. */
import type { JobState, ObservationExtras } from "@deckhand/protocol";
import type { ExecResult } from "../../runtime/runtime.ts";
import type { JobLook } from "../../runtime/jobs.ts";

type JobExtras = Pick<ObservationExtras<"job">, "job" | "screen">;
type FullOutputExtras = Pick<ObservationExtras<"run">, "truncated" | "whole">;

export function fullOutputExtras(whole: ExecResult["fullOutput"]): FullOutputExtras {
  if (whole === undefined) return { truncated: false };
  return { truncated: true, whole: { path: whole.path, size_bytes: whole.sizeBytes, cut: whole.cut } };
}

export function jobExtras({ status, screen }: Pick<JobLook, "status" | "screen">): JobExtras {
  const { id, state, exitCode } = status;
  const job: JobState = { id, state, ...(exitCode === undefined ? {} : { exit_code: exitCode }) };
  if (screen === undefined) return { job };
  const { rows, columns, cursor, alternate } = screen;
  return { job, screen: { rows, cols: columns, cursor_row: cursor.row, cursor_col: cursor.column, alternate } };
}

/** Characters that no text has, or bytes that were none, are this rare in what a person would read. */
const maxBinaryShare = 0.1;

/** The text, or that it is none. */
export function textOrBinaryNote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what it looks for
  const strange = text.match(/[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f\ufffd]/g)?.length ?? 0;
  if (strange < 16 || strange < text.length * maxBinaryShare) return text;
  return "[Binary output is not shown. Send it to a file, or through xxd.]";
}

/** What is left out, and where it can be read. */
export function describeFullOutput(whole: FullOutputExtras["whole"]): string {
  return whole === undefined ? "" : `\n[The whole output, ${whole.size_bytes} bytes, is in ${whole.path}]`;
}

export function describeJob(
  content: string,
  { job, screen, whole }: JobExtras & Pick<FullOutputExtras, "whole">,
): string {
  const { id, state, exit_code: code } = job;
  const how = state === "running" ? "is running" : `has ended with exit code ${code ?? -1}`;
  const where =
    screen === undefined || state === "ended"
      ? ""
      : `, its screen has ${screen.rows} rows and ${screen.cols} columns, the cursor is at row ${screen.cursor_row}, column ${screen.cursor_col}`;
  return `${content.trimEnd()}${describeFullOutput(whole)}\n[job ${id} ${how}${where}]`.trimStart();
}
