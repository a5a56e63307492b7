import { useState } from "react";
import { conversationUrl, navigate } from "../urls.ts";
import { client } from "../server.ts";
import { buttonClass } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";

/** Imports a conversation from an exported file and opens it. Nothing in it is executed. */
export function ImportButton({ onImported }: { readonly onImported: () => void }) {
  const t = useMessages();
  const [failure, setFailure] = useState("");
  const importFile = async (file: File): Promise<void> => {
    setFailure("");
    try {
      const { id } = await client.import(file);
      onImported();
      navigate(conversationUrl(id));
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <label
        className={`${buttonClass("quiet", "small")} cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-accent`}
      >
        {t.conversations.import}
        <input
          type="file"
          accept=".jsonl,application/x-ndjson"
          className="sr-only"
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            // Choosing the same file again must trigger a change event.
            target.value = "";
            if (file !== undefined) void importFile(file);
          }}
        />
      </label>
      {failure !== "" && (
        <p role="alert" className="basis-full text-xs text-bad">
          {failure}
        </p>
      )}
    </>
  );
}
