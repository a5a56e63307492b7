import { useState } from "react";
import { go } from "../address.ts";
import { Composer } from "../composer/composer.tsx";
import { client } from "../server.ts";
import { usual, WorkspaceField, workspaceOf } from "./workspace-choice.tsx";

const examples = [
  "write a bash script that prints hello",
  "Look around in the workspace and tell me what is there",
  "Find a failing test, fix it, and run the tests again",
];

/** The first visit, and "New task". */
export function Welcome({ onCreated }: { readonly onCreated: () => void }) {
  const [failure, setFailure] = useState("");
  const [chosen, setChosen] = useState(usual);
  const start = async (task: string): Promise<void> => {
    const workspace = await workspaceOf(chosen);
    const { id } = await client.create({ task, ...(workspace === undefined ? {} : { settings: { workspace } }) });
    onCreated();
    go(id);
  };
  const startExample = (task: string): void => {
    setFailure("");
    start(task).catch((error: Error) => setFailure(error.message));
  };
  return (
    <main className="flex flex-1 flex-col items-center justify-center overflow-y-auto p-6">
      <div className="w-full max-w-2xl">
        <h1 className="mb-2 text-center text-3xl font-semibold tracking-tight">What needs doing?</h1>
        <p className="mb-6 text-center text-balance text-muted">
          An agent works on it step by step in your workspace. You see everything it does, and can stop it at any time.
        </p>
        <Composer label="Task" placeholder="Describe a task" button="Start" autoFocus onSend={start} />
        <WorkspaceField chosen={chosen} onChange={setChosen} />
        <ul className="mt-5 flex flex-col gap-2" aria-label="Examples">
          {examples.map((example) => (
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
