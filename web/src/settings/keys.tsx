import { useState } from "react";
import { KeyIcon, TrashIcon } from "@primer/octicons-react";
import type { ModelProvider, SettingsReport } from "@deckhand/protocol";
import { KeyForm } from "../models/key-form.tsx";
import { keyProviders, keyOwnerOf } from "../models/key-owner.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { EnvironmentBadge, Row, Rows, Section } from "./fields.tsx";
import { useSaveSettings } from "./use-settings.ts";

interface KeysProps {
  readonly report: SettingsReport;
  readonly providers: readonly ModelProvider[];
}

/** Saved keys are write-only: only the last four characters are shown. */
export function Keys({ report, providers }: KeysProps) {
  const t = useMessages();
  const save = useSaveSettings();
  const [isAdding, setAdding] = useState(false);
  const savedKeys = report.saved.keys ?? {};
  const labels = new Map(keyProviders(providers).map((each) => [String(keyOwnerOf(each.prefix)), each.label]));
  const fixed = Object.keys(report.environment).flatMap((path) =>
    path.startsWith("keys.") ? [path.slice("keys.".length)] : [],
  );
  const owners = [...new Set([...Object.keys(savedKeys), ...fixed])];
  return (
    <Section
      title={t.settings.models.keys}
      description={t.settings.models.keysDescription}
      actions={
        !isAdding && (
          <Button size="small" icon={KeyIcon} onClick={() => setAdding(true)}>
            {t.models.addKey}
          </Button>
        )
      }
    >
      <Rows>
        {owners.map((owner) => {
          const hidden = savedKeys[owner];
          return (
            <Row
              key={owner}
              label={
                <>
                  {labels.get(owner) ?? owner}
                  <EnvironmentBadge report={report} path={`keys.${owner}`} />
                  {hidden !== undefined && <Badge>{`••••${hidden.last}`}</Badge>}
                </>
              }
            >
              {hidden !== undefined && (
                <IconButton
                  icon={TrashIcon}
                  label={t.settings.models.deleteKey(labels.get(owner) ?? owner)}
                  onClick={() => void save({ keys: { [owner]: null } }).catch(toastFailure)}
                />
              )}
            </Row>
          );
        })}
        {owners.length === 0 && !isAdding && (
          <Row label={<span className="font-normal text-muted">{t.settings.models.noKeys}</span>} />
        )}
        {isAdding && (
          <div className="px-4 py-4">
            <KeyForm
              providers={providers}
              makesDefault={report.effective.model.name === undefined && report.environment["model.name"] === undefined}
              onSaved={() => setAdding(false)}
            />
          </div>
        )}
      </Rows>
    </Section>
  );
}
