/**
 * The settings of a server: those of the file on this machine, whether a server runs or not, or, with `--url`, those that a server
 * elsewhere tells and takes. On the machine itself programs can be set, too.
 */
import type { SettingsPatch, SettingsReport } from "@deckhand/protocol";
import { openLocalSettings } from "@deckhand/server/settings";
import { findServer } from "./find-server.ts";

export interface ServerSettingsAccess extends AsyncDisposable {
  report(): Promise<SettingsReport>;
  /** A server that runs here takes it up within a second or two. */
  change(patch: SettingsPatch): Promise<SettingsReport>;
}

export async function openServerSettings(url: string | undefined): Promise<ServerSettingsAccess> {
  if (url === undefined) {
    // What is wrong in it is in its report.
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
