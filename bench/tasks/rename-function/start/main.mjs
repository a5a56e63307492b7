import { getData } from "./orders.mjs";

const total = getData().reduce((sum, order) => sum + order.total, 0);
console.log(`getDataTotal: ${total}`);
