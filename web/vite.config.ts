import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// In development Vite serves the page and passes the rest on to the server, which looks at Host and Origin.
const server = `http://127.0.0.1:${process.env["PORT"] || 3000}`;
const pass = { target: server, changeOrigin: true, headers: { origin: server }, ws: true };

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  server: { host: "127.0.0.1", proxy: { "/api": pass, "/ws": pass } },
  // What is older does not know `light-dark()` and nested CSS.
  build: { target: "es2024", cssTarget: ["chrome123", "firefox120", "safari17.5"] },
});
