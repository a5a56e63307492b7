/**
 * A provider's server that says its replies one after another, whatever it is asked: unlike a script, which reads from the
 * request which reply is next, it goes on where a compaction has taken the earlier ones out of the request.
 */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { ScriptReply } from "../kit/model-process.ts";

export interface ModelInTurn extends AsyncDisposable {
  /** What makes a server use it. */
  readonly env: Readonly<Record<string, string>>;
}

const summary = "The task stands above. Numbers were printed; nothing else was found. Next: go on.";

export async function startModelInTurn(replies: readonly ScriptReply[]): Promise<ModelInTurn> {
  let said = 0;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.method !== "POST") return response.end('{"data":[{"id":"in-turn"}]}');
      if (body.includes("Write a summary that lets you continue")) return say({ text: summary }, body, response);
      return say(replies[(said += 1) - 1] ?? { text: "I have nothing more to say." }, body, response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    env: { LLM_BASE_URL: url, LLM_MODEL: "in-turn", LLM_API_KEY: "in-turn", LLM_NUM_RETRIES: "0" },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function say({ text: words, calls = [], status = 200 }: ScriptReply, asked: string, response: ServerResponse): void {
  if (status >= 400) {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "The provider has a bad day." } }));
    return;
  }
  const tools = calls.map(({ name, arguments: args = {} }, index) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
  const delta = {
    role: "assistant",
    ...(words === undefined ? {} : { content: words }),
    ...(tools.length === 0 ? {} : { tool_calls: tools }),
  };
  // Four characters a token, as most providers count English.
  const usage = { prompt_tokens: Math.ceil(asked.length / 4), completion_tokens: 20 };
  const chunk = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 0, model: "in-turn", choices, ...more })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk([{ index: 0, delta, finish_reason: null }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: tools.length > 0 ? "tool_calls" : "stop" }]));
  response.end(`${chunk([], { usage })}data: [DONE]\n\n`);
}
