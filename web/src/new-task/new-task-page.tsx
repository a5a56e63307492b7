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

/** Loaded only while the server has no model. */
const ConnectModel = lazy(async () => ({ default: (await import("../models/connect-model.tsx")).ConnectModel }));

/** The one task that the demo model can do. */
const demoTask = "Write a bash script that prints hello";

interface NewTaskPageProps {
  readonly health: Health | undefined;
  /** A model was saved, so the health of the server may have changed. */
  readonly onModelSaved: () => void;
  readonly onCreated: () => void;
}

/** The start page: the task, its workspace, and the model, agent and approval policy for it. */
export function NewTaskPage({ health, onModelSaved, onCreated }: NewTaskPageProps) {
  const t = useMessages();
  const queries = useQueryClient();
  const [failure, setFailure] = useState("");
  const [workspaceForm, setWorkspaceForm] = useState(defaultWorkspace);
  const [options, setOptions] = useState(defaultOptions);
  const isDemo = health?.model.demo === true;

  const start = async ({ text, images = [], files = [] }: Pick<Sent, "text"> & Partial<Sent>): Promise<void> => {
    if (isIncomplete(workspaceForm)) throw new Error(t.newTask.workspaceMissing);
    const workspace = await toWorkspaceChoice(workspaceForm);
    const settings = { ...settingsOf(options), ...(workspace === undefined ? {} : { workspace }) };
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
  const onModelConnected = (): void => {
    void queries.invalidateQueries({ queryKey: ["models"] });
    onModelSaved();
  };

  return (
    <main className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      <div className="m-auto w-full max-w-2xl px-5 py-8">
        <h1 className="mb-1.5 text-2xl font-semibold tracking-tight">{t.newTask.title}</h1>
        <p className="mb-5 text-sm text-balance text-muted">{t.newTask.description}</p>
        {isDemo && (
          <div className="mb-6">
            <Suspense fallback={<Skeleton />}>
              <ConnectModel onDone={onModelConnected} onDemo={() => startExample(demoTask)} />
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
            <WorkspaceSelect form={workspaceForm} onChange={setWorkspaceForm} />
            <TaskOptionFields options={options} onChange={setOptions} />
          </div>
          <WorkspaceDetails form={workspaceForm} onChange={setWorkspaceForm} />
          {!isDemo && <Estimate model={options.model} />}
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
