set -e
test "$(node main.mjs)" = "getDataTotal: 55"
node -e 'import("./orders.mjs").then((orders) => process.exit(orders.readOrders().length === 2 && !orders.getData ? 0 : 1))'
grep -q 'readOrders()' README.md
! grep -w getData orders.mjs main.mjs README.md
