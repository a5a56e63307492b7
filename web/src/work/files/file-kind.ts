/** How a file is shown, by its content type, name and size. */
export type FileKind = "text" | "image" | "svg" | "pdf" | "audio" | "video" | "large" | "binary";

/** The editor stays responsive up to this size. */
export const maxEditableBytes = 2 * 1024 * 1024;

const audio: ReadonlySet<string> = new Set(["mp3", "wav", "ogg", "oga", "flac", "m4a", "aac", "opus"]);
const video: ReadonlySet<string> = new Set(["mp4", "webm", "mov", "m4v", "ogv"]);

export function fileKind(path: string, contentType: string, sizeBytes: number): FileKind {
  const ending = (path.split(".").at(-1) ?? "").toLowerCase();
  if (contentType.startsWith("image/")) return "image";
  if (ending === "pdf") return "pdf";
  if (contentType.startsWith("text/")) {
    if (sizeBytes > maxEditableBytes) return "large";
    return ending === "svg" ? "svg" : "text";
  }
  if (audio.has(ending)) return "audio";
  return video.has(ending) ? "video" : "binary";
}
