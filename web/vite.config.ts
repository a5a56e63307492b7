import type { ClientRequest, IncomingMessage } from "node:http";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type ProxyOptions } from "vite";

// In development Vite serves the page and passes the rest on to the server, which looks at Host and Origin.
const server = `http://127.0.0.1:${process.env["PORT"] || 3000}`;

const pass: ProxyOptions = {
  target: server,
  changeOrigin: true,
  ws: true,
  configure: (proxy) => void proxy.on("proxyReq", nameOwnPage).on("proxyReqWs", nameOwnPage),
};

/** Only of Vite's own page: any other that tries the socket keeps its Origin, and the server refuses it. */
function nameOwnPage(passed: ClientRequest, { headers, socket }: IncomingMessage): void {
  const own = ["127.0.0.1", "localhost"].map((name) => `http://${name}:${socket.localPort}`);
  if (headers.origin !== undefined && own.includes(headers.origin)) passed.setHeader("origin", server);
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  server: { host: "127.0.0.1", proxy: { "/api": pass, "/ws": pass } },
  // What is older does not know `light-dark()` and nested CSS.
  build: { target: "es2024", cssTarget: ["chrome123", "firefox120", "safari17.5"] },
});
