/**
 * The package's entry. The wiring is in `main/`, which is the only folder that names concrete classes.
 */
export type { Flags } from "./config/resolve.ts";
export { diagnose } from "./main/diagnose.ts";
export { replayFile, type Replay } from "./main/replay-file.ts";
export { startServer, type RunningServer } from "./main/start-server.ts";
