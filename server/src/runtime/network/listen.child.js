// Runs briefly in a new network namespace. A socket stays in the namespace it was created in, whichever process holds
// it: this program creates the listening socket, hands it to the server, and exits once the server holds the namespace.
import { createServer } from "node:net";

const port = Number(process.argv[2]);
const listener = createServer();
listener.listen(port, "127.0.0.1", () => {
  // If the server was killed meanwhile, no `disconnect` event follows.
  if (!process.connected) process.exit();
  process.send?.({ pid: process.pid }, listener);
});
process.once("message", () => process.exit());
process.once("disconnect", () => process.exit());
// A server that is killed at the wrong moment sends neither. Its start takes milliseconds.
setTimeout(() => process.exit(), 30_000).unref();
