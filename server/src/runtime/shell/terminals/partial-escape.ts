/**
 * The incomplete control sequence at the end of an output: a serialized screen does not contain it, but a client that
 * gets the following output needs its beginning. ECMA-48, 5.4: ESC, then intermediates; CSI, then parameters and
 * intermediates; or a string, up to BEL or ST.
 */
// oxlint-disable-next-line eslint/no-control-regex -- control sequences consist of them
const incomplete = /\u001B(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001B]*\u001B?|[ -/]*)$/;

export function partialEscape(text: string): string {
  return incomplete.exec(text)?.[0] ?? "";
}
