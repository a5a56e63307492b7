import { observation, type NewEvent } from "@deckhand/protocol";
import type { UploadedFile } from "../api.ts";

const mostNamed = 100;
const mostSaid = 10;

/** That a person has put files into the workspace, for people and for the model. */
export function uploadEvent(files: readonly UploadedFile[]): NewEvent {
  const said = files.slice(0, mostSaid).map(({ path }) => path);
  const more = files.length > said.length ? ` and ${files.length - said.length} more` : "";
  return observation("user", "upload", `The user put files into the workspace: ${said.join(", ")}${more}`, {
    files: files.slice(0, mostNamed).map(({ path, sizeBytes }) => ({ path, size_bytes: sizeBytes })),
    count: files.length,
    size_bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
}
