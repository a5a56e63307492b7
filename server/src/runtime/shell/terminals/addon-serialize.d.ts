/** Replaces the package's own types, which would add the DOM types to the whole server. */
declare module "@xterm/addon-serialize/lib/addon-serialize.mjs" {
  import type { ITerminalAddon } from "@xterm/headless";
  export class SerializeAddon implements ITerminalAddon {
    activate(terminal: unknown): void;
    dispose(): void;
    serialize(): string;
  }
}
