/**
 * Reads and changes a server's settings: through settings.json on this machine, whether a server runs or not, or with
 * `--url` over HTTP. Hooks and MCP servers that start programs can be set only on the machine itself.
 */
import type { SettingsPatch, SettingsReport } from "@deckhand/protocol";
import { openLocalSettings } from "@deckhand/server/settings";
import { findServer } from "./find-server.ts";

export interface ServerSettingsAccess extends AsyncDisposable {
  report(): Promise<SettingsReport>;
  /** A server that runs here applies the change within about a second. */
  change(patch: SettingsPatch): Promise<SettingsReport>;
}

export async function openServerSettings(url: string | undefined): Promise<ServerSettingsAccess> {
  if (url === undefined) {
    // Problems are part of the report.
    const settings = await openLocalSettings(process.env, () => {});
    return {
      report: () => settings.report(),
      change: (patch) => settings.change(patch),
      [Symbol.asyncDispose]: async () => settings[Symbol.dispose](),
    };
  }
  const server = await findServer(url, false);
  return {
    report: () => server.client.settings(),
    change: (patch) => server.client.changeSettings(patch),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
