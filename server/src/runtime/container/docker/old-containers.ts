/** Finds and removes containers that are no longer needed. */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { remove } from "./docker-container.ts";
import type { Engine } from "./docker-engine.ts";

/** In the conversation's folder, if it has a container; its modification time is when the container was last used. */
const markerFile = "container";
/** Names the run of the server that created a container for its own use. */
export const bootLabel = "deckhand.boot";
export const serverLabel = "deckhand.server";
/** The folder of the conversation that a container belongs to. */
export const homeLabel = "deckhand.home";

export function markUsed(home: string, name: string): void {
  writeFileSync(join(home, markerFile), `${name}\n`);
}

export function hasContainer(home: string): boolean {
  return existsSync(join(home, markerFile));
}

/**
 * Removes containers of deleted conversations, long unused ones, and those that earlier runs of this server left
 * behind.
 */
export async function removeOldContainers(
  { docker }: Engine,
  { server, boot, keepMs }: { readonly server: string; readonly boot: string; readonly keepMs: number },
): Promise<void> {
  const all = await docker.listContainers({ all: true, filters: { label: [`${serverLabel}=${server}`] } });
  for (const { Id, Labels } of all) {
    const home = Labels[homeLabel];
    const isInUse = home === undefined ? Labels[bootLabel] === boot : Date.now() - lastUsedMs(home) < keepMs;
    if (!isInUse) await remove(docker.getContainer(Id));
  }
}

function lastUsedMs(home: string): number {
  return statSync(join(home, markerFile), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
