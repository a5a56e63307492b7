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

/** For what HTTP answers. What the log says is never asked for: it is the fold of the view (use-view.ts). */
const queries = new QueryClient({
  // The server is often on this very machine: a browser that takes itself for offline reaches it all the same.
  defaultOptions: {
    queries: { staleTime: 2_000, retry: 1, refetchOnWindowFocus: true, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});

startPreferences();
const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root.");
await startI18n();
createRoot(root).render(
  <StrictMode>
    {/* The security policy takes no <style> elements; what they would say stands in style.css. */}
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
