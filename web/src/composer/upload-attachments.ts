/** Files that go with a message: into the workspace, and named in the message, so that the agent knows of them. */
import { client } from "../server.ts";
import { currentMessages } from "../i18n/i18n.ts";

/** Where they are put: apart from what the project has. */
const folder = "uploads";

/** Resolves with the text that names them. */
export async function uploadAttachments(conversation: string, text: string, files: readonly File[]): Promise<string> {
  if (files.length === 0) return text;
  await client.files.upload(
    conversation,
    files.map((file) => ({ path: file.name, data: file })),
    folder,
  );
  const paths = files.map((file) => `${folder}/${file.name}`).join(", ");
  return [text, currentMessages().composer.uploadedFiles(paths)].filter((part) => part.trim() !== "").join("\n\n");
}
