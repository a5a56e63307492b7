/** What the user said, in their own words: a summary may forget it, so it is kept beside it. */

/** Together; the first message is the task and goes before the others. */
const keptChars = 8000;
const keptOfOne = 4000;

export class UserMessages {
  readonly #messages: { readonly id: number; readonly text: string }[] = [];

  get any(): boolean {
    return this.#messages.length > 0;
  }

  add(id: number, text: string): void {
    const cut = text.length > keptOfOne ? `${text.slice(0, keptOfOne)} [… cut]` : text;
    this.#messages.push({ id, text: cut });
  }

  /** The message that takes the place of everything up to the event `id`. */
  before(id: number, summary: string): string {
    const [task, ...others] = this.#messages.filter((message) => message.id <= id);
    let left = keptChars - (task?.text.length ?? 0);
    const last = others.toReversed().filter(({ text }) => (left -= text.length) >= 0);
    const said = [...(task === undefined ? [] : [task]), ...last.toReversed()].map(({ text }) => text);
    return `(A note of the server.) What came before was too long to be read again. The user said:

${said.join("\n\n")}

Your own summary of what came of it:

${summary}`;
  }
}
