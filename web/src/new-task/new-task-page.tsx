import { lazy, Suspense, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { ArrowRightIcon } from "@primer/octicons-react";
import type { Health } from "@deckhand/client";
import { conversationUrl, navigate } from "../urls.ts";
import { Composer, type Sent } from "../composer/composer.tsx";
import { uploadAttachments } from "../composer/upload-attachments.ts";
import { client } from "../server.ts";
import { Skeleton } from "../ui/skeleton.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { defaultOptions, Estimate, TaskOptionFields, settingsOf } from "./task-options.tsx";
import { WorkspaceDetails, WorkspaceSelect } from "./workspace-field.tsx";
import { isIncomplete, defaultWorkspace, toWorkspaceChoice } from "./workspace-form.ts";

/** Seen once in the life of a server: who has a model does not wait for it. */
const SetUp = lazy(async () => ({ default: (await import("../models/connect-model.tsx")).ConnectModel }));

/** What the demo's script can do, in the words that it knows. */
const demoTask = "Write a bash script that prints hello";

interface NewTaskPageProps {
  readonly health: Health | undefined;
  /** The server may have a model by now. */
  readonly onModel: () => void;
  readonly onCreated: () => void;
}

/** The first visit, and "New task": what is to be done, where, by whom. */
export function NewTaskPage({ health, onModel, onCreated }: NewTaskPageProps) {
  const t = useMessages();
  const queries = useQueryClient();
  const [failure, setFailure] = useState("");
  const [chosen, setChosen] = useState(defaultWorkspace);
  const [how, setHow] = useState(defaultOptions);
  const isDemo = health?.model.demo === true;

  const start = async ({ text, images = [], files = [] }: Pick<Sent, "text"> & Partial<Sent>): Promise<void> => {
    if (isIncomplete(chosen)) throw new Error(t.newTask.workspaceMissing);
    const workspace = await toWorkspaceChoice(chosen);
    const settings = { ...settingsOf(how), ...(workspace === undefined ? {} : { workspace }) };
    const isPlain = images.length === 0 && files.length === 0;
    const { id } = await client.create({
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
      ...(isPlain ? { task: text } : {}),
    });
    if (!isPlain) {
      const content = await uploadAttachments(id, text, files);
      await client.send(id, "message", { content, image_urls: [...images] });
    }
    onCreated();
    navigate(conversationUrl(id));
  };
  const startExample = (task: string): void => {
    setFailure("");
    start({ text: task }).catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
  };
  const hasModel = (): void => {
    void queries.invalidateQueries({ queryKey: ["models"] });
    onModel();
  };

  return (
    <main className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      <div className="m-auto w-full max-w-2xl px-5 py-8">
        <h1 className="mb-1.5 text-2xl font-semibold tracking-tight">{t.newTask.title}</h1>
        <p className="mb-5 text-sm text-balance text-muted">{t.newTask.description}</p>
        {isDemo && (
          <div className="mb-6">
            <Suspense fallback={<Skeleton />}>
              <SetUp onDone={hasModel} onDemo={() => startExample(demoTask)} />
            </Suspense>
          </div>
        )}
        <Composer
          label={t.newTask.task}
          placeholder={t.newTask.taskPlaceholder}
          button={t.newTask.start}
          draft="new"
          rows={3}
          autoFocus
          onSend={start}
        />
        <div className="mt-2 flex flex-col gap-2">
          <div className="flex flex-wrap items-center gap-x-1 gap-y-1">
            <WorkspaceSelect form={chosen} onChange={setChosen} />
            <TaskOptionFields options={how} onChange={setHow} />
          </div>
          <WorkspaceDetails form={chosen} onChange={setChosen} />
          {!isDemo && <Estimate model={how.model} />}
        </div>
        {failure !== "" && (
          <p role="alert" className="mt-3 text-sm text-bad">
            {failure}
          </p>
        )}
        <h2 className="label-small mt-8 mb-2">{t.newTask.examples}</h2>
        <ul
          className="flex flex-col divide-y divide-line rounded-lg border border-line bg-panel"
          aria-label={t.newTask.examples}
        >
          {t.newTask.exampleTasks.map((example) => (
            <li key={example}>
              <button
                type="button"
                className="group flex w-full items-center gap-3 px-4 py-2.5 text-left text-sm text-soft hover:bg-raised hover:text-ink"
                onClick={() => startExample(example)}
              >
                <span className="flex-1">{example}</span>
                <span className="text-muted opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100">
                  <ArrowRightIcon size={14} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </main>
  );
}
