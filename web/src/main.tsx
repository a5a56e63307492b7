// oxlint-disable-next-line import/no-unassigned-import -- first, before anything imports zod
import "./strict-zod.ts";
// oxlint-disable-next-line import/no-unassigned-import -- Vite makes it a linked style sheet
import "./style.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root.");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
