/**
 * An MCP server for tests. Its first argument says how it behaves.
 *
 *   works    adds, echoes, shows its environment, sleeps, fails, dies, draws, floods; changes its tool list on request
 *   hangs    never answers and ignores SIGTERM
 *   dies     prints the reason on stderr and exits before it answers
 *   forks    works, and has started a process in its own session
 */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [mode, startsFile] = process.argv.slice(2);
if (startsFile !== undefined) appendFileSync(startsFile, `${process.pid}\n`);

if (mode === "hangs") {
  process.on("SIGTERM", () => {});
  process.stdin.resume();
  setInterval(() => {}, 1000);
} else if (mode === "dies") {
  process.stderr.write("no database at db.example\n");
  process.exit(3);
} else await serve();

async function serve() {
  if (mode === "forks") {
    const child = spawn("setsid", ["sleep", "987654"], { stdio: "ignore" });
    if (startsFile !== undefined) appendFileSync(startsFile, `${child.pid}\n`);
    child.unref();
  }
  const input = { type: "object", properties: { text: { type: "string" } } };
  const numbers = {
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
  };
  const tools = [
    { name: "echo", description: "Repeats the text.", inputSchema: input, annotations: { readOnlyHint: true } },
    { name: "add", description: "Adds two numbers.", inputSchema: numbers },
    ...["env", "sleep", "fail", "throw", "die", "draw", "flood", "more"].map((name) => ({ name, inputSchema: input })),
  ];
  const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }) => {
    /** @param {string} text_ */
    const text = (text_, more = {}) => ({ content: [{ type: "text", text: text_ }], ...more });
    switch (name) {
      case "echo":
        return text(String(args["text"]));
      case "add":
        return text(String(Number(args["a"]) + Number(args["b"])));
      case "env":
        return text(JSON.stringify({ ...process.env, cwd: process.cwd() }));
      case "sleep":
        await wait(3_600_000);
        return text("too late");
      case "fail":
        return text("it did not work", { isError: true });
      case "throw":
        throw new Error("this is how it is");
      case "die":
        return process.exit(4);
      case "draw":
        return { content: [{ type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" }] };
      case "flood":
        return text("x".repeat(200_000));
      default:
        tools.push({ name: "extra", description: "Came later.", inputSchema: input });
        await server.sendToolListChanged();
        return text("there is one more");
    }
  });
  await server.connect(new StdioServerTransport());
}
