export function isLeap(year) {
  throw new Error("not written yet");
}
