/**
 * Serves the built web UI: the file at the requested path, or index.html for every other path, so that links into the
 * UI work. Files under /assets/ have a hash in their name and never change.
 */
import { readFile, realpath } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import type { Context, Hono } from "hono";
import { errorBody } from "./error-response.ts";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".wav": "audio/wav",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

const notBuilt =
  "Deckhand is running, but its web UI has not been built.\n\n" +
  "Stop the server and run `npm start`, which builds the UI first.\n" +
  "The API works without it: connect to /ws, or check /api/health.\n";

/** Must be mounted after all other routes. `root` is undefined if there is no web UI. */
export function webUiRoutes(app: Hono, root: string | undefined): void {
  app.get("*", async (c) => {
    const path = pathOf(c);
    if (path === undefined) return c.json(errorBody("unknown_path"), 404);
    const file = root === undefined || path === "/" ? undefined : await read(root, path);
    if (file !== undefined) return send(c, file, extname(path), isHashed(path));
    if (extname(path) !== "") return c.json(errorBody("unknown_path"), 404);
    const page = root === undefined ? undefined : await read(root, "/index.html");
    return page === undefined ? c.text(notBuilt, 503) : send(c, page, ".html", false);
  });
}

function send(c: Context, data: Buffer<ArrayBuffer>, extension: string, hashed: boolean): Response {
  return c.body(data, 200, {
    "Content-Type": types[extension.toLowerCase()] ?? "application/octet-stream",
    "Cache-Control": hashed ? "private, max-age=31536000, immutable" : "no-cache",
  });
}

function isHashed(path: string): boolean {
  return path.startsWith("/assets/");
}

/** The path, decoded once; undefined for names that no file of the UI has. */
function pathOf(c: Context): string | undefined {
  try {
    const path = decodeURIComponent(new URL(c.req.url).pathname);
    return /[\0\\]/.test(path) ? undefined : path;
  } catch {
    return undefined;
  }
}

/** Undefined if the file does not exist or, after resolving symbolic links, is outside the root. */
async function read(root: string, path: string): Promise<Buffer<ArrayBuffer> | undefined> {
  try {
    const top = await realpath(root);
    const file = await realpath(resolve(top, join(".", path)));
    return file.startsWith(top + sep) ? await readFile(file) : undefined;
  } catch {
    return undefined;
  }
}
