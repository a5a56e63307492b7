import { observation, type NewEvent } from "@deckhand/protocol";
import type { UploadedFile } from "../api.ts";

/** Files listed in the event, and those named in its sentence. */
const maxListed = 100;
const maxNamed = 10;

/** Records, for people and for the model, that a person has put files into the workspace. */
export function uploadEvent(files: readonly UploadedFile[]): NewEvent {
  const named = files.slice(0, maxNamed).map(({ path }) => path);
  const more = files.length > named.length ? ` and ${files.length - named.length} more` : "";
  return observation("user", "upload", `The user put files into the workspace: ${named.join(", ")}${more}`, {
    files: files.slice(0, maxListed).map(({ path, sizeBytes }) => ({ path, size_bytes: sizeBytes })),
    count: files.length,
    size_bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
}
