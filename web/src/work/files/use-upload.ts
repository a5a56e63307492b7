import { useState } from "react";
import type { UploadFile } from "@deckhand/client";
import { client } from "../../server.ts";
import { toast } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";

/** Small files share a request; a request of a few megabytes is fine-grained enough for the progress bar. */
const maxRequestBytes = 4 * 1024 * 1024;

export interface UploadProgress {
  readonly sentFiles: number;
  readonly files: number;
  /** 0 to 1, by bytes. */
  readonly share: number;
}

export interface Uploads {
  readonly progress: UploadProgress | undefined;
  readonly send: (files: readonly UploadFile[], folder: string) => Promise<void>;
}

export function useUpload(conversation: string, onSent: () => void): Uploads {
  const t = useMessages();
  const [progress, setProgress] = useState<UploadProgress>();
  const send = async (files: readonly UploadFile[], folder: string): Promise<void> => {
    const totalBytes = files.reduce((sum, { data }) => sum + data.size, 0);
    let sentFiles = 0;
    let sentBytes = 0;
    try {
      while (sentFiles < files.length) {
        setProgress({ sentFiles, files: files.length, share: totalBytes === 0 ? 0 : sentBytes / totalBytes });
        const batch = batchFrom(files, sentFiles);
        await client.files.upload(conversation, batch, folder);
        sentFiles += batch.length;
        sentBytes += batch.reduce((sum, { data }) => sum + data.size, 0);
      }
      toast(t.work.files.uploaded(files.length), { tone: "good" });
    } catch (error) {
      toast(t.work.files.uploadFailed, {
        tone: "bad",
        description: error instanceof Error ? error.message : String(error),
      });
    } finally {
      setProgress(undefined);
      onSent();
    }
  };
  return { progress, send };
}

function batchFrom(files: readonly UploadFile[], from: number): readonly UploadFile[] {
  const batch: UploadFile[] = [];
  let bytes = 0;
  for (const file of files.slice(from)) {
    if (batch.length > 0 && bytes + file.data.size > maxRequestBytes) break;
    batch.push(file);
    bytes += file.data.size;
  }
  return batch;
}
