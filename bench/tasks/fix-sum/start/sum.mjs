export function sum(numbers) {
  let total = numbers[0];
  for (let at = 1; at <= numbers.length; at += 1) total += numbers[at];
  return total;
}
