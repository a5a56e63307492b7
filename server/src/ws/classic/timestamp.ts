/** A time as the original wrote it: local, microseconds, no zone. */
export function classicTimestamp(timestamp: string): string {
  const at = new Date(timestamp);
  if (Number.isNaN(at.getTime())) return timestamp;
  const date = [String(at.getFullYear()), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [two(at.getHours()), two(at.getMinutes()), two(at.getSeconds())].join(":");
  return `${date}T${time}.${String(at.getMilliseconds()).padStart(3, "0")}000`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
