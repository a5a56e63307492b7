import { join } from "node:path";
import { option, section } from "../option.ts";
import { boolean, integer, list, path, secret, text } from "../value-types.ts";

export const server = section("Server and access", {
  host: option({
    variable: "HOST",
    type: text,
    default: "127.0.0.1",
    description: "Address to listen on. Any address other than loopback requires `DECKHAND_TOKEN`.",
  }),
  port: option({
    variable: "PORT",
    type: integer(0, 65_535),
    default: 3000,
    description: "Port to listen on; 0 picks a free one.",
  }),
  home: option({
    variable: "DECKHAND_HOME",
    type: path,
    default: ({ dataHome }) => join(dataHome, "deckhand"),
    defaultText: "`deckhand` in the user's data folder",
    description: "Where the server stores all of its data.",
  }),
  token: option({
    variable: "DECKHAND_TOKEN",
    type: secret(16),
    defaultText: "generated; loopback only",
    description: "Token that grants access from anywhere; at least 16 characters.",
  }),
  hosts: option({
    variable: "DECKHAND_HOSTS",
    type: list,
    default: [],
    description: "Additional host names under which the server is reached, such as `deckhand.example.org:443`.",
  }),
  settingsOverHttp: option({
    variable: "DECKHAND_SETTINGS_OVER_HTTP",
    type: boolean,
    default: false,
    description: "Allow hooks and MCP servers that start programs to be set over HTTP. They run outside the sandbox.",
  }),
  jwtSecret: option({
    variable: "JWT_SECRET",
    type: secret(16),
    defaultText: "generated",
    description: "Signs the tokens of OpenHands 0.9–0.14 clients; at least 16 characters.",
  }),
});
