import { option, section } from "../option.ts";
import { bytes, choice, integer, list, number, positive, text } from "../value-types.ts";

export const sandbox = section("Runtime and sandbox", {
  runtime: option({
    variable: "DECKHAND_RUNTIME",
    type: choice(["bubblewrap", "docker", "kubernetes", "host"]),
    default: "bubblewrap",
    description: "Where commands run: `bubblewrap`, `docker` (Docker or Podman), `kubernetes`, or `host` (no sandbox).",
  }),
  commandTimeoutSeconds: option({
    variable: "SANDBOX_TIMEOUT",
    type: positive(),
    default: 120,
    description: "Timeout in seconds for commands that set none.",
  }),
  memoryBytes: option({
    variable: "DECKHAND_MEMORY",
    type: bytes,
    defaultText: "3/4 of the machine's",
    description: "Memory for all commands of a conversation together, such as `4G`.",
  }),
  processes: option({
    variable: "DECKHAND_PROCESSES",
    // A shell and its helpers need 16.
    type: integer(16),
    defaultText: "2048",
    description: "Processes per conversation; at least 16.",
  }),
  cpus: option({
    variable: "DECKHAND_CPUS",
    type: number(0.05),
    defaultText: "all",
    description: "CPUs per conversation, such as `1.5`.",
  }),
  fileBytes: option({
    variable: "DECKHAND_FILE_SIZE",
    type: bytes,
    defaultText: "16G",
    description: "Largest file that a command may write.",
  }),
  protectedNames: option({
    variable: "DECKHAND_PROTECT",
    type: list,
    defaultText: "`.vscode`, `.idea`, `.envrc`, `.bashrc` …",
    description:
      "Names that are read-only in the workspace if they exist when the sandbox starts; replaces the default list.",
  }),
});

export const network = section("Network", {
  policy: option({
    variable: "DECKHAND_NETWORK",
    type: choice(["off", "allow", "on"]),
    default: "allow",
    saved: (settings) => settings.network?.policy,
    description: "What commands can reach: nothing (`off`), listed hosts (`allow`), or any public address (`on`).",
  }),
  allow: option({
    variable: "DECKHAND_NETWORK_ALLOW",
    type: list,
    default: ["default"],
    saved: (settings) => settings.network?.allow,
    description:
      "Hosts for `allow`: `example.org`, `*.example.org`, `10.0.0.5:8080`; `default` stands for the built-in list of package registries and code hosts.",
  }),
  browseAllow: option({
    variable: "DECKHAND_BROWSE_ALLOW",
    type: list,
    default: [],
    description: "Private addresses (`host:port`) that the `browse` tool may fetch.",
  }),
});

export const container = section("Containers", {
  image: option({
    variable: "DECKHAND_IMAGE",
    type: text,
    default: "docker.io/library/buildpack-deps:bookworm",
    description: "Container image; it must contain `sh`.",
  }),
  root: option({
    variable: "DECKHAND_CONTAINER_ROOT",
    type: choice(["writable", "read-only"]),
    default: "writable",
    description: "`read-only` makes everything but the workspace, the home folder and /tmp read-only.",
  }),
  workspace: option({
    variable: "DECKHAND_CONTAINER_WORKSPACE",
    type: choice(["folder", "volume"]),
    default: "folder",
    description: "Mount the workspace `folder` itself, or give each conversation a `volume` of its own.",
  }),
  idleMinutes: option({
    variable: "DECKHAND_IDLE_MINUTES",
    type: positive(10_000),
    default: 15,
    description: "Minutes without a command after which a container is paused; the next command resumes it.",
  }),
  keepDays: option({
    variable: "DECKHAND_CONTAINER_DAYS",
    type: positive(3650),
    default: 14,
    description: "Days without use after which a container is removed at the next server start.",
  }),
});

export const kubernetes = section("Kubernetes", {
  namespace: option({
    variable: "DECKHAND_KUBERNETES_NAMESPACE",
    type: text,
    defaultText: "that of kubectl's context",
    description: "Namespace of the pods.",
  }),
  claim: option({
    variable: "DECKHAND_KUBERNETES_CLAIM",
    type: text,
    description:
      "PersistentVolumeClaim that keeps workspaces and home folders; without one they are lost with the pod.",
  }),
  runtimeClass: option({
    variable: "DECKHAND_KUBERNETES_CLASS",
    type: text,
    description: "RuntimeClass of the pods, such as `gvisor`.",
  }),
  startSeconds: option({
    variable: "DECKHAND_KUBERNETES_SECONDS",
    type: positive(),
    default: 300,
    description: "Seconds that a pod may take to start, including the image pull.",
  }),
});
