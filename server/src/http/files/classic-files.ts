/**
 * The files of the first web page, in its requests and answers (recorded of 0.9.8 and 0.14.3). Which conversation is meant says the
 * token that its socket got. What a person saves is written exactly: the first server added a line end each time.
 */
import { posix } from "node:path";
import type { Context, Hono } from "hono";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { zipFolder } from "../../files/archive.ts";
import { fromForm, fromArchive, withinLimits, classicFileName, type IncomingLimits } from "../../files/incoming.ts";
import { listFolder, type Entry } from "../../files/list.ts";
import type { UploadStore } from "../../files/uploads.ts";
import { workspacePath } from "../../files/workspace-path.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { createClassicTokens } from "../../wire/classic-token.ts";
import { bodyBytes } from "./bodies.ts";
import { imageType } from "./content-type.ts";
import { storeFiles, writeAsAction } from "./files.ts";
import { parseBody } from "../input.ts";
import { z } from "zod";

interface ClassicFilesOptions {
  readonly conversations: ConversationsApi;
  readonly uploads: UploadStore;
  readonly fileLimits: IncomingLimits;
  readonly jwtSecret: string;
}

interface Session {
  readonly conversation: ConversationApi;
  readonly runtime: Runtime;
}

const saved = z.object({ filePath: z.string().min(1), content: z.string() });
const maxOpenBytes = 16 * 1024 * 1024;
/** Its tree shows a folder at once. */
const mostEntries = 5000;
const leftOut = new Set([".git", ".DS_Store", "node_modules", "__pycache__"]);

export function classicFileRoutes(app: Hono, options: ClassicFilesOptions): void {
  const { conversations, uploads, fileLimits } = options;
  const tokens = createClassicTokens(options.jwtSecret);

  app.get("/api/list-files", (c) =>
    withSession(
      c,
      (why) => c.json({ error: `Error listing files: ${why}` }, 500),
      async ({ runtime }) => {
        const path = c.req.query("path") ?? "";
        const folder = await workspacePath(runtime, path, c.req.raw.signal);
        const page = { path: folder, after: undefined, limit: mostEntries };
        const listing = await listFolder(runtime, page, c.req.raw.signal).catch((error: unknown) => {
          if (error instanceof DeckhandError && error.code === "file_not_found") return { entries: [] };
          throw error;
        });
        const prefix = path === "" ? "" : `${path.replace(/\/+$/, "")}/`;
        return c.json(namesOf(listing.entries).map((name) => prefix + name));
      },
    ),
  );

  app.get("/api/select-file", (c) =>
    withSession(
      c,
      (why) => c.json({ error: `Error opening file: ${why}` }, 500),
      async ({ runtime }) => {
        const file = c.req.query("file");
        if (file === undefined || file === "")
          return c.json({ detail: [{ loc: ["query", "file"], msg: "field required" }] }, 422);
        const { data } = await runtime.readFile(
          await workspacePath(runtime, file, c.req.raw.signal),
          maxOpenBytes,
          c.req.raw.signal,
        );
        const type = imageType(data) ?? knownByName(file);
        if (type !== undefined) return c.json({ code: `data:${type};base64,${Buffer.from(data).toString("base64")}` });
        return c.json({ code: new TextDecoder().decode(data) });
      },
    ),
  );

  app.post("/api/save-file", (c) =>
    withSession(
      c,
      (why) => c.json({ detail: `Error saving file: ${why}` }, 500),
      async ({ conversation, runtime }) => {
        const { filePath, content } = await parseBody(c, saved);
        const { signal } = c.req.raw;
        await writeAsAction(conversation, await workspacePath(runtime, filePath, signal), content, signal);
        return c.json({ message: "File saved successfully" });
      },
    ),
  );

  app.post("/api/upload-files", (c) =>
    withSession(
      c,
      (why) => c.json({ error: why, uploaded_files: [], skipped_files: [] }, 500),
      async ({ conversation, runtime }) => {
        const { signal } = c.req.raw;
        const form = fromForm(bodyBytes(c), c.req.header("Content-Type") ?? "", classicFileName);
        const names: string[] = [];
        async function* unpacked(): ReturnType<typeof withinLimits> {
          for await (const file of withinLimits(form, fileLimits)) {
            names.push(file.path);
            if (!/\.zip$/i.test(file.path)) yield file;
            else {
              const { maxBytes } = fileLimits;
              const packed = { kind: "zip" as const, body: file.bytes, spool: uploads.spool(), maxBytes };
              yield* withinLimits(fromArchive(packed), fileLimits);
            }
          }
        }
        await storeFiles(conversation, runtime, ".", unpacked(), signal);
        return c.json({ message: "File upload process completed", uploaded_files: names, skipped_files: [] });
      },
    ),
  );

  app.get("/api/zip-directory", (c) =>
    withSession(
      c,
      () => c.json({ error: "Failed to zip workspace" }, 500),
      async ({ runtime }) => {
        const zip = await zipFolder(runtime, { path: runtime.workspace, git: true, ...fileLimits }, c.req.raw.signal);
        return c.body(zip, 200, {
          "Content-Type": "application/x-zip-compressed",
          "Content-Disposition": 'attachment; filename="workspace.zip"',
        });
      },
    ),
  );

  /** `failed` makes the answer of whatever goes wrong, as the first server did. */
  async function withSession(
    c: Context,
    failed: (why: string) => Response,
    answer: (session: Session) => Promise<Response>,
  ): Promise<Response> {
    const header = c.req.header("Authorization");
    if (header === undefined) return c.json({ error: "Missing Authorization header" }, 401);
    const id = await tokens.verify(header.replace(/^Bearer +/i, ""));
    if (id === undefined) return c.json({ error: "Invalid token" }, 401);
    if (!(await conversations.exists(id))) return c.json({ error: "Session not found" }, 404);
    try {
      const conversation = await conversations.open(id);
      return await answer({ conversation, runtime: await conversation.runtime() });
    } catch (error) {
      if (!(error instanceof DeckhandError)) throw error;
      return failed(error.message);
    }
  }
}

/** Folders first, with a slash; each group without regard to case. */
function namesOf(entries: readonly Entry[]): readonly string[] {
  const wanted = entries.filter(({ name, ignored }) => !ignored && !leftOut.has(name));
  const isFolder = ({ type, target_type: target }: Entry): boolean => type === "folder" || target === "folder";
  const sorted = (names: readonly string[]): readonly string[] =>
    names.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return [
    ...sorted(wanted.filter(isFolder).map(({ name }) => `${name}/`)),
    ...sorted(wanted.filter((entry) => !isFolder(entry)).map(({ name }) => name)),
  ];
}

/** What its viewer shows beside pictures. An address of data runs nothing by itself. */
function knownByName(file: string): string | undefined {
  const types: Readonly<Record<string, string>> = {
    ".bmp": "image/bmp",
    ".pdf": "application/pdf",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".ogg": "video/ogg",
  };
  return types[posix.extname(file).toLowerCase()];
}
