/**
 * A model that answers at once, in the OpenAI Chat Completions format, and records times: the gap between an answer and
 * the next request of the same conversation is what the agent adds to a step.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Exchange {
  /** When the whole request had arrived, by `performance.now()`. */
  readonly requestedAt: number;
  /** When the answer had been written. */
  readonly answeredAt: number;
}

export class InstantModel implements AsyncDisposable {
  readonly #server: Server;
  readonly #steps: number;
  readonly #exchanges = new Map<string, Exchange[]>();

  private constructor(steps: number) {
    this.#steps = steps;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
      // Servers may probe for the abilities of a model, which this one does not describe.
      if (request.method !== "POST") return void response.writeHead(404).end();
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const requestedAt = performance.now();
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { messages: { role: string; content: unknown }[] };
      const task = JSON.stringify(body.messages.find((message) => message.role === "user")?.content);
      const exchanges = this.#exchanges.get(task) ?? [];
      this.#exchanges.set(task, exchanges);
      const done = exchanges.length >= this.#steps;
      const name = done ? "finish" : "run";
      const args = done ? { thought: "done" } : { command: `echo step-${exchanges.length + 1}` };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(answer(`call_${exchanges.length}`, name, JSON.stringify(args)));
      exchanges.push({ requestedAt, answeredAt: performance.now() });
    });
  }

  /** Calls `run` this many times in each conversation, then `finish`. */
  static async start(steps: number): Promise<InstantModel> {
    const model = new InstantModel(steps);
    model.#server.listen(0, "127.0.0.1");
    await once(model.#server, "listening");
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** When the first request of any conversation had arrived, by `performance.now()`. */
  get firstRequestedAt(): number | undefined {
    return [...this.#exchanges.values()][0]?.[0]?.requestedAt;
  }

  /** For each conversation, the milliseconds from each answer to the next request. */
  gaps(): number[][] {
    return [...this.#exchanges.values()].map((exchanges) =>
      exchanges.slice(1).map((exchange, index) => exchange.requestedAt - (exchanges[index]?.answeredAt ?? 0)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function answer(id: string, name: string, args: string): string {
  const base = { id: "x", object: "chat.completion.chunk", created: 0, model: "instant" };
  const call = { index: 0, id, type: "function", function: { name, arguments: args } };
  const frames = [
    { ...base, choices: [{ index: 0, delta: { role: "assistant", tool_calls: [call] }, finish_reason: null }] },
    { ...base, choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] },
    { ...base, choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  ];
  return `${frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join("")}data: [DONE]\n\n`;
}
