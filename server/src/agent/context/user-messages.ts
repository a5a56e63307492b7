import { systemNote } from "./notes.ts";

/** All messages together. The first message, which is the task, takes precedence over the others. */
const maxChars = 8000;
const maxCharsPerMessage = 4000;

/** The user's messages verbatim, which accompany a summary because it may omit them. */
export class UserMessages {
  readonly #messages: { readonly id: number; readonly text: string }[] = [];

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  add(id: number, text: string): void {
    const cut = text.length > maxCharsPerMessage ? `${text.slice(0, maxCharsPerMessage)} [… truncated]` : text;
    this.#messages.push({ id, text: cut });
  }

  /** The message that replaces everything up to the event `id`. */
  withSummary(id: number, summary: string): string {
    const [task, ...others] = this.#messages.filter((message) => message.id <= id);
    let remaining = maxChars - (task?.text.length ?? 0);
    const latest = others.toReversed().filter(({ text }) => (remaining -= text.length) >= 0);
    const texts = [...(task === undefined ? [] : [task]), ...latest.toReversed()].map(({ text }) => text);
    return `${systemNote} The conversation so far was too long and has been replaced by a summary. The user said:

${texts.join("\n\n")}

Your own summary of the work so far:

${summary}`;
  }
}
