// Runs in a sandbox's network namespace, outside its wall, while somebody looks at a port: connects and hands the socket over.
import { connect } from "node:net";

process.on("message", (/** @type {{ id: number, port: number }} */ { id, port }) => {
  // Both, since a program may listen on either alone.
  const socket = connect({
    host: "localhost",
    port,
    autoSelectFamily: true,
    lookup: (_host, _options, done) =>
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "::1", family: 6 },
      ]),
  });
  socket.once("connect", () => process.send?.({ id }, socket));
  socket.once("error", () => process.send?.({ id }));
});
process.once("disconnect", () => process.exit());
// A server that was killed before this line has left nothing that says so.
if (!process.connected) process.exit();
