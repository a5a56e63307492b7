// Runs for a moment in a network namespace that is about to be a sandbox's. A socket stays in the namespace in which it was made,
// whoever holds it: it listens, hands that over to the server, and goes when the server has kept the namespace.
import { createServer } from "node:net";

const port = Number(process.argv[2]);
const door = createServer();
door.listen(port, "127.0.0.1", () => {
  // A server that was killed meanwhile has left no one to tell, and nothing that says so.
  if (!process.connected) process.exit();
  process.send?.({ pid: process.pid }, door);
});
process.once("message", () => process.exit());
process.once("disconnect", () => process.exit());
