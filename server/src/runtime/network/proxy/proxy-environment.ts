/**
 * Environment variables that point programs in the sandbox to the proxy. Most read the first eight; the others need
 * their own.
 */
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
  // For fetch and http of Node 24 and later.
  NODE_USE_ENV_PROXY: "1",
  YARN_HTTP_PROXY: url,
  YARN_HTTPS_PROXY: url,
  CARGO_HTTP_PROXY: url,
  MAVEN_OPTS: java,
  GRADLE_OPTS: java,
};
