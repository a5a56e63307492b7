/**
 * The part of the Kubernetes API that the runtime uses, over HTTP and WebSocket: pods, their logs, exec with
 * subprotocols v5 and v4, network policies and, if `sandboxes` is set, Sandboxes. Pods are containers of the test's
 * Podman, so exec runs real programs. It is not a cluster: nothing is scheduled, and no policy is enforced, except that
 * containers have no network. Sources: kubernetes.io/docs/reference/using-api, k8s.io/apimachinery's remotecommand
 * (channels 0 to 4 and 255).
 */
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { V1Pod } from "@kubernetes/client-node";
import Docker from "dockerode";
import { WebSocketServer } from "ws";
import { engineError, execIn } from "../docker/docker-engine.ts";
import type { Podman } from "../docker/podman.test-kit.ts";

export interface TestCluster extends AsyncDisposable {
  readonly env: { readonly KUBECONFIG: string };
  /** Created objects by kind. */
  readonly created: { readonly kind: string; readonly body: V1Pod }[];
}

const token = "a-token-of-the-test";

export async function startCluster(podman: Podman, folder: string, sandboxes = false): Promise<TestCluster> {
  const docker = new Docker({ socketPath: podman.socket });
  const pods = new Map<string, V1Pod>();
  const created: { kind: string; body: V1Pod }[] = [];

  const runPod = async (pod: V1Pod): Promise<void> => {
    const [spec] = pod.spec?.containers ?? [];
    const name = pod.metadata?.name ?? "";
    const become = (status: object) => pods.set(name, Object.assign({}, pod, { status }));
    become({ phase: "Pending" });
    const { runAsUser, runAsGroup } = pod.spec?.securityContext ?? {};
    // A workspace volume is a folder of this machine at the same path, so that tests can read it.
    const binds = (spec?.volumeMounts ?? []).map(({ mountPath, subPath }) => {
      const own = mountPath.startsWith(join(tmpdir(), "deckhand-"))
        ? mountPath
        : join(folder, "volumes", name, subPath ?? mountPath);
      mkdirSync(own, { recursive: true, mode: 0o777 });
      return { own, mountPath };
    });
    for (const { own } of binds) chownSync(own, runAsUser ?? 0, runAsGroup ?? 0);
    try {
      const container = await docker.createContainer({
        name: `k8s-${name}`,
        Image: spec?.image ?? "",
        Entrypoint: spec?.command ?? [],
        Env: (spec?.env ?? []).map((variable) => `${variable.name}=${variable.value}`),
        WorkingDir: spec?.workingDir ?? "/",
        User: `${runAsUser}:${runAsGroup}`,
        HostConfig: {
          Binds: binds.map(({ own, mountPath }) => `${own}:${mountPath}`),
          CapDrop: spec?.securityContext?.capabilities?.drop ?? [],
          SecurityOpt: spec?.securityContext?.allowPrivilegeEscalation === false ? ["no-new-privileges"] : [],
          NetworkMode: "none",
        },
      });
      await container.start();
      become({ phase: "Running", containerStatuses: [{ state: { running: {} } }] });
    } catch (error) {
      const waiting = { reason: "ErrImagePull", message: engineError(error) };
      become({ phase: "Pending", containerStatuses: [{ state: { waiting } }] });
    }
  };
  const remove = async (name: string): Promise<boolean> => {
    if (!pods.delete(name)) return false;
    await docker
      .getContainer(`k8s-${name}`)
      .remove({ force: true })
      .catch(() => {});
    return true;
  };

  const answer = (response: ServerResponse, code: number, body: unknown) => {
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const refuse = (response: ServerResponse, code: number, message: string) =>
    answer(response, code, { kind: "Status", apiVersion: "v1", status: "Failure", message, code });

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? "", "http://cluster");
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(response, 401, "Unauthorized");
    const match =
      /^\/api(?:s\/(?<group>[^/]+))?\/(?<version>v[^/]+)\/namespaces\/(?<namespace>[^/]+)\/(?<kind>[^/]+)(?:\/(?<name>[^/]+)(?<log>\/log)?)?$/.exec(
        pathname,
      );
    const { kind = "", name = "", namespace, log } = match?.groups ?? {};
    if (namespace !== "agents") return refuse(response, 403, `access to namespace ${namespace} denied`);
    if (kind === "sandboxes" && !sandboxes)
      return refuse(response, 404, "the server could not find the requested resource");
    if (request.method === "POST") {
      const body = JSON.parse(await text(request)) as V1Pod & { spec: { podTemplate?: { spec: V1Pod["spec"] } } };
      created.push({ kind, body });
      const own = body.metadata?.name ?? "";
      if (kind === "pods" && pods.has(own)) return refuse(response, 409, `pods "${own}" already exists`);
      if (kind === "pods") void runPod(body);
      if (kind === "sandboxes") void runPod({ metadata: body.metadata, spec: body.spec.podTemplate?.spec } as V1Pod);
      return answer(response, 201, body);
    }
    const pod = pods.get(name);
    if (pod === undefined) return refuse(response, 404, `${kind} "${name}" not found`);
    if (request.method === "DELETE") {
      await remove(name);
      return answer(response, 200, { kind: "Status", status: "Success" });
    }
    if (log !== undefined) {
      const lines = await podman.podman("logs", `k8s-${name}`).catch(() => "");
      response.writeHead(200, { "content-type": "text/plain" }).end(lines);
      return;
    }
    answer(response, 200, pod);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => refuse(response, 500, String(error)));
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => ["v5.channel.k8s.io", "v4.channel.k8s.io"].find((each) => offered.has(each)) ?? false,
  });
  server.on("upgrade", (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://cluster");
    const name = /^\/api\/v1\/namespaces\/agents\/pods\/([^/]+)\/exec$/.exec(pathname)?.[1] ?? "";
    if (request.headers.authorization !== `Bearer ${token}` || !pods.has(name)) {
      socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const send = (channel: number, bytes: Buffer) => client.send(Buffer.concat([Buffer.of(channel), bytes]));
      const started = execIn(docker, docker.getContainer(`k8s-${name}`), searchParams.getAll("command"));
      started.then(
        (streams) => {
          for (const stream of [streams.in, streams.out, streams.err]) stream.on("error", () => {});
          streams.out.on("data", (bytes: Buffer) => send(1, bytes));
          streams.err.on("data", (bytes: Buffer) => send(2, bytes));
          client.on("close", () => streams.close());
          streams.out.on("close", () => {
            const exitCode = streams.exitCode().catch(() => 137);
            void exitCode.then((code) => {
              const causes = [{ reason: "ExitCode", message: String(code) }];
              const failure = { status: "Failure", reason: "NonZeroExitCode", details: { causes } };
              send(3, Buffer.from(JSON.stringify(code === 0 ? { status: "Success" } : failure)));
              client.close();
            });
          });
        },
        () => client.close(),
      );
      client.on("message", (data: Buffer) => {
        void started.then(
          (streams) => {
            if (data[0] === 0) streams.in.write(data.subarray(1));
            else if (data[0] === 255 && data[1] === 0) streams.in.end();
          },
          () => {},
        );
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const file = join(folder, `kubeconfig-${port}`);
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
      users: [{ name: "test", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace: "agents" } }],
    }),
  );
  return {
    env: { KUBECONFIG: file },
    created,
    async [Symbol.asyncDispose]() {
      for (const name of pods.keys()) await remove(name);
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
