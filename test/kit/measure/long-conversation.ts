/** A long conversation as an export that can be imported: an hour of commands and a final message. */

const usage = { input: 1000, output: 50, cached_input: 0, cache_write: 0, reasoning: 0 };

/** Each step has three events; the command of step k is event 3k + 1. */
export function longLog(count: number): string {
  const lines: object[] = [{ deckhand_export: 1, title: "A long conversation" }];
  const add = (event: object): number => {
    const id = lines.length - 1;
    const timestamp = new Date(Date.UTC(2026, 0, 1) + id * 500).toISOString();
    lines.push({ id, timestamp, source: "agent", message: "", ...event });
    return id;
  };
  const reply = (parts: readonly object[]): number => {
    const took = { usage, cost_usd: 0.001, duration_ms: 900, first_token_ms: 100 };
    return add({ observation: "reply", content: "", extras: { model: "m", parts, finish_reason: "stop", ...took } });
  };
  const state = (agentState: string): number =>
    add({ observation: "agent_state_changed", content: "", extras: { agent_state: agentState } });
  const asked = { content: "work", image_urls: null, wait_for_response: false };
  const ask = add({ source: "user", action: "message", args: asked });
  state("running");
  add({ source: "user", observation: "chat", content: "work", extras: { image_urls: null }, cause: ask });
  let last = 0;
  for (let step = 1; lines.length < count - 3; step += 1) {
    const text = step % 3 === 0 ? `Step **${step}**: \`file${step}.ts\` next.\n\n- one\n- two\n` : "";
    const call = { type: "call", id: `c${step}`, name: "run", arguments: "{}" };
    const tool_call = { reply: reply(text === "" ? [call] : [{ type: "text", text }, call]), id: call.id };
    const args = { command: command(step), thought: text, background: false, hidden: false };
    const cause = add({ action: "run", args: { ...args, confirmation_state: "confirmed" }, tool_call });
    const content = Array.from({ length: step % 20 }, (_, line) => `line ${line} of ${step}`).join("\n");
    const ended = { exit_code: step % 7 === 0 ? 1 : 0, cwd: "/", duration_ms: 1200, truncated: false, hidden: false };
    add({ observation: "run", content, extras: { command: command(step), ...ended }, cause, tool_call });
    last = step;
  }
  reply([]);
  const evidence = [
    { claim: "The tests pass", command: command(last), verdict: "shown", event: lines.length - 3, exit_code: 0 },
    { claim: "It is quick", command: "npm run bench", verdict: "missing" },
  ];
  add({ action: "finish", message: "It is all done.", args: { outputs: {}, thought: "It is all done.", evidence } });
  state("finished");
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

function command(step: number): string {
  return `npm test -- file${step}.ts`;
}
