import { isTriggered, type InstructionFile } from "@deckhand/protocol";

interface Injected {
  readonly id: number;
  readonly text: string;
  readonly files: readonly InstructionFile[];
}

/** The instructions in the prompt, in their latest version. They are kept beside a summary, which may forget them. */
export class InjectedInstructions {
  #current: readonly Injected[] = [];

  /** Triggered instructions replace only older versions of the same files; all others are replaced together. */
  add(id: number, text: string, files: readonly InstructionFile[]): void {
    const paths = new Set(files.map(({ path }) => path));
    const isReplaced = (old: Injected): boolean =>
      areTriggered(old.files) === areTriggered(files) &&
      (!areTriggered(files) || old.files.every(({ path }) => paths.has(path)));
    this.#current = [...this.#current.filter((old) => !isReplaced(old)), { id, text, files }];
  }

  upTo(id: number): readonly string[] {
    return this.#current.filter((each) => each.id <= id && each.files.length > 0).map(({ text }) => text);
  }
}

function areTriggered(files: readonly InstructionFile[]): boolean {
  return files.length > 0 && files.every(isTriggered);
}
