/**
 * A local image registry that serves one image, written by `podman save --format oci-dir`. Source: OCI distribution
 * spec, pull.
 */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
}

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Serves the image in this folder from now on. */
  serve(folder: string): void;
}

export async function startRegistry(): Promise<Registry> {
  let folder = "";
  const blob = (digest: string) => join(folder, "blobs", digest.replace(":", "/"));
  const server = createServer((request, response) => {
    const [, kind, reference = ""] = /^\/v2\/.+\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (request.url === "/v2/") return void response.writeHead(200).end();
    const first =
      folder === "" ? undefined : (JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as Index).manifests[0];
    const digest = kind === "manifests" && !reference.includes(":") ? (first?.digest ?? "") : reference;
    if (first === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest) || !existsSync(blob(digest))) {
      return void response
        .writeHead(404, { "content-type": "application/json" })
        .end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    }
    response.writeHead(200, {
      "content-type": kind === "manifests" ? first.mediaType : "application/octet-stream",
      "docker-content-digest": digest,
    });
    createReadStream(blob(digest)).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (next) => (folder = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
