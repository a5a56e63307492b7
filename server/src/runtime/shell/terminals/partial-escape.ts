/**
 * The control sequence that has begun at the end of an output and has not ended: a picture of the screen does not have it, and whoever
 * gets what comes next has to have its beginning. ECMA-48, 5.4: ESC, then intermediates; CSI, then parameters and intermediates; or a
 * string, up to BEL or ST.
 */
// oxlint-disable-next-line eslint/no-control-regex -- they are made of them
const begun = /\u001B(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001B]*\u001B?|[ -/]*)$/;

export function partialEscape(text: string): string {
  return begun.exec(text)?.[0] ?? "";
}
