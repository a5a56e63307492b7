import type { OnProgress } from "./workspaces.ts";

/**
 * Each report is kept in the log, so a long stage is reported at this interval only, and the reports of a workspace are
 * limited.
 */
const intervalMs = 5000;
const maxReports = 40;

/**
 * Parses git's progress on standard error ("Receiving objects:  45% (9/20)", separated by `\r`). Reports each stage when
 * it begins, and again while it lasts.
 */
export function gitProgress(
  onProgress: OnProgress,
  now: () => number = performance.now.bind(performance),
): (text: string) => void {
  let rest = "";
  let stage = "";
  let reportedAt = 0;
  let reports = 0;
  return (text) => {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = (lines.pop() ?? "").slice(-500);
    for (const line of lines) {
      const match = /^(?:remote: )?([A-Z][a-z]+ [a-z]+): +(\d+)%/.exec(line);
      if (match === null) continue;
      const [, name = "", percent = ""] = match;
      if ((name === stage && now() - reportedAt < intervalMs) || reports >= maxReports) continue;
      stage = name;
      reportedAt = now();
      reports += 1;
      onProgress(`${name}: ${percent}%`);
    }
  };
}
