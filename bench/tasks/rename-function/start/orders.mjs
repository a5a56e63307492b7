const orders = [
  { id: 1, total: 20 },
  { id: 2, total: 35 },
];

export function getData() {
  return orders;
}
