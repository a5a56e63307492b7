/** Uploads the files of a message to the workspace and names them in its text for the agent. */
import { client } from "../server.ts";
import { currentMessages } from "../i18n/i18n.ts";

/** A folder of its own, separate from the files of the project. */
const folder = "uploads";

/** Returns the text of the message with the paths of the files. */
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
