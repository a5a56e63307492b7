/** A timestamp as OpenHands wrote it: local time with microseconds and no zone. */
export function classicTimestamp(timestamp: string): string {
  const at = new Date(timestamp);
  if (Number.isNaN(at.getTime())) return timestamp;
  const date = [String(at.getFullYear()), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join("-");
  const time = [twoDigits(at.getHours()), twoDigits(at.getMinutes()), twoDigits(at.getSeconds())].join(":");
  return `${date}T${time}.${String(at.getMilliseconds()).padStart(3, "0")}000`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
