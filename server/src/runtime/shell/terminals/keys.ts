/** What a terminal sends for a key. Source: ECMA-48, and xterm's control sequences ("PC-Style Function Keys"). */

const plain: Readonly<Record<string, string>> = {
  enter: "\r",
  tab: "\t",
  space: " ",
  escape: "\x1b",
  backspace: "\x7f",
  delete: "\x1b[3~",
  insert: "\x1b[2~",
  pageup: "\x1b[5~",
  pagedown: "\x1b[6~",
  "shift-tab": "\x1b[Z",
  f1: "\x1bOP",
  f2: "\x1bOQ",
  f3: "\x1bOR",
  f4: "\x1bOS",
  f5: "\x1b[15~",
  f6: "\x1b[17~",
  f7: "\x1b[18~",
  f8: "\x1b[19~",
  f9: "\x1b[20~",
  f10: "\x1b[21~",
  f11: "\x1b[23~",
  f12: "\x1b[24~",
};

/** Their sequence depends on the mode that the program has set. */
const cursor: Readonly<Record<string, string>> = { up: "A", down: "B", right: "C", left: "D", home: "H", end: "F" };

export const keyNames = [...Object.keys(plain), ...Object.keys(cursor), "ctrl-a … ctrl-z", "alt-x"].join(", ");

/** Undefined for an unknown key. `application`: the program has enabled application cursor keys. */
export function keySequence(key: string, application: boolean): string | undefined {
  const name = key.toLowerCase();
  if (Object.hasOwn(plain, name)) return plain[name];
  if (Object.hasOwn(cursor, name)) return `\x1b${application ? "O" : "["}${cursor[name]}`;
  const control = /^ctrl-([a-z\\\]^_@[])$/.exec(name)?.[1];
  if (control !== undefined) return String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f);
  // Case-sensitive.
  const alt = /^alt-(.)$/u.exec(key)?.[1];
  return alt === undefined ? undefined : `\x1b${alt}`;
}
