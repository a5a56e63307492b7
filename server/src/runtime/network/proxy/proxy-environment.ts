/** How programs in the sandbox are told of the way out. Most read the first eight; the rest has to be told in its own way. */
import { proxyPort } from "../namespace.ts";

const host = "127.0.0.1";
const url = `http://${host}:${proxyPort}`;
const direct = "localhost,127.0.0.1,::1";
const java = [
  ...["http", "https"].flatMap((scheme) => [`-D${scheme}.proxyHost=${host}`, `-D${scheme}.proxyPort=${proxyPort}`]),
  "-Dhttp.nonProxyHosts=localhost|127.*|[::1]",
].join(" ");

export const proxyEnvironment: Readonly<Record<string, string>> = {
  HTTP_PROXY: url,
  HTTPS_PROXY: url,
  ALL_PROXY: url,
  NO_PROXY: direct,
  http_proxy: url,
  https_proxy: url,
  all_proxy: url,
  no_proxy: direct,
  // Node's own fetch and http, from 24 on.
  NODE_USE_ENV_PROXY: "1",
  YARN_HTTP_PROXY: url,
  YARN_HTTPS_PROXY: url,
  CARGO_HTTP_PROXY: url,
  MAVEN_OPTS: java,
  GRADLE_OPTS: java,
};
