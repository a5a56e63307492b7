// Runs in a sandbox's network namespace but outside the sandbox: connects to its ports and hands the sockets to the
// server.
import { connect } from "node:net";

process.on("message", (/** @type {{ id: number, port: number }} */ { id, port }) => {
  // Both, because a program may listen on only one of them.
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
// If the server was killed before this line, no `disconnect` event follows.
if (!process.connected) process.exit();
