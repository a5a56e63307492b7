import { useState } from "react";
import { conversationAddress, go } from "../address.ts";
import { Composer, type Sent } from "../composer/composer.tsx";
import { withFiles } from "../composer/send-files.ts";
import { client } from "../server.ts";
import { useWords } from "../words/words.ts";
import { usual, WorkspaceField, workspaceOf } from "./workspace-choice.tsx";

/** The first visit, and "New task". */
export function Welcome({ onCreated }: { readonly onCreated: () => void }) {
  const { people: words } = useWords();
  const [failure, setFailure] = useState("");
  const [chosen, setChosen] = useState(usual);
  const start = async ({ text, images = [], files = [] }: Pick<Sent, "text"> & Partial<Sent>): Promise<void> => {
    const workspace = await workspaceOf(chosen);
    const settings = workspace === undefined ? {} : { settings: { workspace } };
    const isPlain = images.length === 0 && files.length === 0;
    const { id } = await client.create({ ...settings, ...(isPlain ? { task: text } : {}) });
    if (!isPlain) {
      const content = await withFiles(id, text, files);
      await client.send(id, "message", { content, image_urls: [...images] });
    }
    onCreated();
    go(conversationAddress(id));
  };
  const startExample = (task: string): void => {
    setFailure("");
    start({ text: task }).catch((error: Error) => setFailure(error.message));
  };
  return (
    <main className="flex flex-1 flex-col items-center justify-center overflow-y-auto p-6">
      <div className="w-full max-w-2xl">
        <h1 className="mb-2 text-center text-2xl font-semibold tracking-tight">{words.whatNeedsDoing}</h1>
        <p className="mb-6 text-center text-balance text-muted">{words.whatItDoes}</p>
        <Composer
          label={words.task}
          placeholder={words.describeTask}
          button={words.start}
          draft="new"
          rows={3}
          autoFocus
          onSend={start}
        />
        <WorkspaceField chosen={chosen} onChange={setChosen} />
        <ul className="mt-5 flex flex-col gap-2" aria-label={words.examples}>
          {words.exampleTasks.map((example) => (
            <li key={example}>
              <button
                type="button"
                className="w-full rounded-xl border border-line px-4 py-2 text-left text-sm text-muted transition-colors hover:bg-panel hover:text-ink"
                onClick={() => startExample(example)}
              >
                {example}
              </button>
            </li>
          ))}
        </ul>
        {failure !== "" && (
          <p role="alert" className="mt-3 text-center text-sm text-bad">
            {failure}
          </p>
        )}
      </div>
    </main>
  );
}
