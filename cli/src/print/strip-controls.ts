/* oxlint-disable no-control-regex -- matching control characters is the purpose */

/**
 * ECMA-48: CSI (colours, cursor), then OSC, DCS, SOS, PM and APC up to their terminator, then two-character sequences.
 */
const sequences =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C|$)|[ -/]*[0-~])/g;
const controls = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/**
 * Makes text from models and tools safe for a terminal: removes whatever could colour it, move its cursor, set its
 * title or write to its clipboard. Newlines and tabs stay.
 */
export function stripControls(text: string): string {
  return text.replaceAll(sequences, "").replaceAll(controls, "");
}
