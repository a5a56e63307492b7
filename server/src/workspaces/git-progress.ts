import type { OnProgress } from "./workspaces.ts";

/** A stage that takes long is told again after so long, and the whole no more than so often: it is all kept in the log. */
const againMs = 5000;
const most = 40;

/** Tells of git's progress ("Receiving objects:  45% (9/20)", with `\r` between): each stage as it begins, and where it is when it takes long. */
export function gitProgress(
  tell: OnProgress,
  now: () => number = performance.now.bind(performance),
): (text: string) => void {
  let rest = "";
  let stage = "";
  let toldAt = 0;
  let told = 0;
  return (text) => {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = (lines.pop() ?? "").slice(-500);
    for (const line of lines) {
      const match = /^(?:remote: )?([A-Z][a-z]+ [a-z]+): +(\d+)%/.exec(line);
      if (match === null) continue;
      const [, name = "", percent = ""] = match;
      if ((name === stage && now() - toldAt < againMs) || told >= most) continue;
      stage = name;
      toldAt = now();
      told += 1;
      tell(`${name}: ${percent} %`);
    }
  };
}
