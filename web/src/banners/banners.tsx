import type { ReactNode } from "react";
import type { Health } from "@deckhand/client";

/** What a person should know before trusting what they see: a scripted model, or no wall around commands. */
export function Banners({ health }: { readonly health: Health | undefined }) {
  if (health === undefined) return null;
  const { model, runtime } = health;
  return (
    <>
      {model.demo && (
        <Banner tone="quiet">
          <strong>Demo model.</strong> It plays one script with real tools, and can do no other task. Set{" "}
          <code className="font-mono text-[0.92em]">LLM_MODEL</code> and{" "}
          <code className="font-mono text-[0.92em]">LLM_API_KEY</code> for a real one.
        </Banner>
      )}
      {runtime.kind === "host" ? (
        <Banner tone="bad">
          <strong>No sandbox.</strong> Commands run on this machine with all your rights.
        </Banner>
      ) : (
        !runtime.proven && (
          <Banner tone="bad">
            <strong>Commands are refused.</strong> {runtime.sentence}
          </Banner>
        )
      )}
    </>
  );
}

function Banner({ tone, children }: { readonly tone: "quiet" | "bad"; readonly children: ReactNode }) {
  const colours = tone === "bad" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn";
  return (
    <p role="note" className={`px-4 py-1.5 text-center text-sm ${colours}`}>
      {children}
    </p>
  );
}
