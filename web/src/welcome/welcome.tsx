import { useState } from "react";
import { conversationAddress, go } from "../address.ts";
import { Composer } from "../composer/composer.tsx";
import { client } from "../server.ts";
import { useWords } from "../words/words.ts";
import { usual, WorkspaceField, workspaceOf } from "./workspace-choice.tsx";

/** The first visit, and "New task". */
export function Welcome({ onCreated }: { readonly onCreated: () => void }) {
  const { people: words } = useWords();
  const [failure, setFailure] = useState("");
  const [chosen, setChosen] = useState(usual);
  const start = async (task: string): Promise<void> => {
    const workspace = await workspaceOf(chosen);
    const { id } = await client.create({ task, ...(workspace === undefined ? {} : { settings: { workspace } }) });
    onCreated();
    go(conversationAddress(id));
  };
  const startExample = (task: string): void => {
    setFailure("");
    start(task).catch((error: Error) => setFailure(error.message));
  };
  return (
    <main className="flex flex-1 flex-col items-center justify-center overflow-y-auto p-6">
      <div className="w-full max-w-2xl">
        <h1 className="mb-2 text-center text-2xl font-semibold tracking-tight">{words.whatNeedsDoing}</h1>
        <p className="mb-6 text-center text-balance text-muted">{words.whatItDoes}</p>
        <Composer label={words.task} placeholder={words.describeTask} button={words.start} autoFocus onSend={start} />
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
