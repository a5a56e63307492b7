// oxlint-disable-next-line import/no-unassigned-import -- Vite makes it a linked style sheet
import "./style.css";
import { StrictMode } from "react";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { startPreferences } from "./shell/preferences.ts";
import { Toasts } from "./ui/toast.tsx";
import { Tooltips } from "./ui/tooltip.tsx";
import { startI18n } from "./i18n/i18n.ts";

/** For HTTP requests. The state of a conversation is never requested: it is the fold of its log (server.ts). */
const queries = new QueryClient({
  // The server is often on the same machine and reachable even when the browser reports to be offline.
  defaultOptions: {
    queries: { staleTime: 2_000, retry: 1, refetchOnWindowFocus: true, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});

startPreferences();
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no root element.");
await startI18n();
createRoot(root).render(
  <StrictMode>
    {/* The content security policy forbids <style> elements; their rules are in style.css. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <Tooltips>
          <Toasts>
            <App />
          </Toasts>
        </Tooltips>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
