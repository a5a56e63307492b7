import { isTriggered, type InstructionFile } from "@deckhand/protocol";

interface Told {
  readonly id: number;
  readonly text: string;
  readonly pieces: readonly InstructionFile[];
}

/** What the workspace says, as it was told last: a summary is not to forget it. */
export class InjectedInstructions {
  #told: readonly Told[] = [];

  add(id: number, text: string, pieces: readonly InstructionFile[]): void {
    const paths = new Set(pieces.map(({ path }) => path));
    const isOld = (told: Told): boolean =>
      isAlone(told) === isAlone({ pieces }) && (!isAlone(told) || told.pieces.every(({ path }) => paths.has(path)));
    this.#told = [...this.#told.filter((told) => !isOld(told)), { id, text, pieces }];
  }

  upTo(id: number): readonly string[] {
    return this.#told.filter((told) => told.id <= id && told.pieces.length > 0).map(({ text }) => text);
  }
}

function isAlone({ pieces }: Pick<Told, "pieces">): boolean {
  return pieces.length > 0 && pieces.every(isTriggered);
}
