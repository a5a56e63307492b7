import type { ReactNode } from "react";
import type { Health } from "@deckhand/client";
import { settingsUrl } from "../urls.ts";
import { Link } from "./link.tsx";
import { useMessages } from "../i18n/i18n.ts";

/** Warns about a scripted model, a missing sandbox or disabled commands. */
export function ServerBanners({ health }: { readonly health: Health | undefined }) {
  const t = useMessages();
  if (health === undefined) return null;
  const { model, runtime } = health;
  return (
    <>
      {model.demo && (
        <Banner tone="quiet">
          <strong className="font-semibold">{t.app.demoMode}</strong> {t.app.demoModeDescription}{" "}
          <Link href={settingsUrl("models")} className="font-medium underline underline-offset-2">
            {t.app.setUpModel}
          </Link>
        </Banner>
      )}
      {runtime.kind === "host" ? (
        <Banner tone="bad">
          <strong className="font-semibold">{t.app.noSandbox}</strong> {t.app.noSandboxDescription}
        </Banner>
      ) : (
        !runtime.proven && (
          <Banner tone="bad">
            <strong className="font-semibold">{t.app.commandsDisabled}</strong> {runtime.sentence}
          </Banner>
        )
      )}
    </>
  );
}

function Banner({ tone, children }: { readonly tone: "quiet" | "bad"; readonly children: ReactNode }) {
  const colours = tone === "bad" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn";
  return (
    <p role="note" className={`px-4 py-1 text-center text-xs ${colours}`}>
      {children}
    </p>
  );
}
