/**
 * A model that answers at once, in the OpenAI chat-completions format, and keeps the times: what lies between its
 * answer and the next request of the same conversation is what the agent takes for a step.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Moment {
  /** Milliseconds of `performance.now()` at which the whole request was there. */
  readonly askedAt: number;
  /** When the answer was handed to the system. */
  readonly answeredAt: number;
}

export class InstantModel implements AsyncDisposable {
  readonly #server: Server;
  readonly #steps: number;
  readonly #moments = new Map<string, Moment[]>();

  private constructor(steps: number) {
    this.#steps = steps;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
      // A server may look for what a model can do; this one does not say.
      if (request.method !== "POST") return void response.writeHead(404).end();
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      // What the server wants to know of a model beforehand is not known here.
      if (request.method !== "POST") return void response.writeHead(404).end();
      const askedAt = performance.now();
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { messages: { role: string; content: unknown }[] };
      const task = JSON.stringify(body.messages.find((message) => message.role === "user")?.content);
      const moments = this.#moments.get(task) ?? [];
      this.#moments.set(task, moments);
      const done = moments.length >= this.#steps;
      const name = done ? "finish" : "run";
      const args = done ? { thought: "done" } : { command: `echo step-${moments.length + 1}` };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(answer(`call_${moments.length}`, name, JSON.stringify(args)));
      moments.push({ askedAt, answeredAt: performance.now() });
    });
  }

  /** Asks for `steps` commands in each conversation, then says that it is done. */
  static async start(steps: number): Promise<InstantModel> {
    const model = new InstantModel(steps);
    model.#server.listen(0, "127.0.0.1");
    await once(model.#server, "listening");
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** When the first request of any conversation came, by `performance.now()`. */
  get firstAskedAt(): number | undefined {
    return [...this.#moments.values()][0]?.[0]?.askedAt;
  }

  /** Milliseconds from each answer to the next request, a list a conversation, in order of the steps. */
  gaps(): number[][] {
    return [...this.#moments.values()].map((moments) =>
      moments.slice(1).map((moment, index) => moment.askedAt - (moments[index]?.answeredAt ?? 0)),
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
