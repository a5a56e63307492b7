import { useState } from "react";
import { go } from "../address.ts";
import { client } from "../server.ts";

/** Makes a conversation of an exported file and goes there. Nothing in it is run. */
export function ImportButton({ onImported }: { readonly onImported: () => void }) {
  const [failure, setFailure] = useState("");
  const take = async (file: File): Promise<void> => {
    setFailure("");
    try {
      const { id } = await client.import(file);
      onImported();
      go(id);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <label className="cursor-pointer text-xs text-muted underline underline-offset-2 focus-within:outline-2">
        Import
        <input
          type="file"
          accept=".jsonl,application/x-ndjson"
          className="sr-only"
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            // The same file again is a change, too.
            target.value = "";
            if (file !== undefined) void take(file);
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
