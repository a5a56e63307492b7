/* oxlint-disable no-control-regex -- controls are what is looked for */

/** ECMA-48: CSI (colours, cursor), then OSC, DCS, SOS, PM and APC up to their end, then two-character sequences. */
const sequences =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C|$)|[ -/]*[0-~])/g;
const controls = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/**
 * Text from models and tools, for a terminal: without what would colour it, move its cursor, set its title or write to
 * its clipboard. Lines and tabs stay.
 */
export function stripControls(text: string): string {
  return text.replaceAll(sequences, "").replaceAll(controls, "");
}
