/** The checks of the self-test. Each has a control: what must succeed for the check to be meaningful. */
export const checkGroups = ["files", "secrets", "network", "processes", "kernel", "limits"] as const;
export type CheckGroup = (typeof checkGroups)[number];

export interface EscapeCheck {
  /** As escape-checks.sh, escape-checks.pl and limit-checks.sh print it. */
  readonly id: string;
  readonly group: CheckGroup;
  /** The attempt as an imperative: "read the server's data". */
  readonly name: string;
  readonly control: string;
  /** Skipped if Perl is not installed. */
  readonly needsPerl?: boolean;
}

const at =
  (group: CheckGroup, more: { readonly needsPerl?: boolean } = {}) =>
  (id: string, name: string, control: string): EscapeCheck => ({ id, group, name, control, ...more });
const files = at("files");
const secrets = at("secrets");
const network = at("network", { needsPerl: true });
const processes = at("processes");
const kernel = at("kernel", { needsPerl: true });
const limits = at("limits", { needsPerl: true });

export const escapeChecks: readonly EscapeCheck[] = [
  files("data", "read the server's data", "a file of the workspace is read"),
  files("link", "read it through a symbolic link in the workspace", "a symbolic link inside the workspace is followed"),
  files("root", "read it through /proc/…/root", "the workspace is read that way"),
  files("next-to-workspace", "write next to the workspace", "a file is made in the workspace"),
  files("hooks", "write a repository's hooks and settings", "another file of the repository is writable"),
  files("system", "write to system folders", "a file of the workspace is writable"),
  files("switches", "write kernel settings in /proc", "one is readable"),
  files("devices", "find disks, memory and the kernel log in /dev", "/dev/null exists"),
  files("nodes", "create a device node", "a FIFO is created"),
  files("home", "see files in the user's home", "the conversation's home is writable"),
  files("others", "read another conversation's home", "its own home exists"),
  secrets("shadow", "read passwords and keys in /etc", "/etc/passwd is read"),
  secrets("environment", "read the server's environment", "HOME is set"),
  secrets("environments", "read it from visible processes", "HOME is found in one"),
  network("ports", "connect to a port of the machine", "a port inside is reachable"),
  at("network")("proxy", "connect to one through the proxy", "the proxy responds"),
  network("metadata", "connect to a cloud metadata address", "a port inside is reachable"),
  network("datagrams", "send a datagram to the machine", "a datagram socket is created"),
  at("network")("interfaces", "find a network interface", "its own loopback interface exists"),
  network("path", "connect to a Unix socket outside", "a Unix socket inside is reachable"),
  network("workspace", "connect to an outside program's socket in the workspace", "a Unix socket inside is reachable"),
  network("abstract", "connect to an abstract Unix socket outside", "a Unix socket inside is reachable"),
  network("families", "create other kinds of sockets (vsock, packet, cipher)", "a TCP socket is created"),
  processes("processes", "see a process of the machine", "its own process is visible"),
  { ...processes("ptrace", "trace a process of the machine", "its own child can be traced"), needsPerl: true },
  processes("outlive", "survive when the sandbox is killed", "it was alive before"),
  at("kernel")("namespaces", "create a namespace", "the program that tries it is installed"),
  at("kernel")("privileges", "keep or gain a privilege", "the process can read its own status"),
  at("kernel")("filter", "run without a system call filter", "the process can read its own status"),
  kernel("mounts", "mount something", "a call with a bad address reaches the kernel"),
  kernel("keyrings", "read and add kernel keys", "a call with a bad address reaches the kernel"),
  kernel("kernel", "reach bpf, perf, io_uring, userfaultfd, modules", "a call with a bad address reaches the kernel"),
  kernel("terminal", "type into a terminal", "another request reaches the kernel"),
  kernel("setuid", "become root", "the process keeps its uid"),
  limits("memory", "use more memory than allowed", "a smaller amount is usable"),
  limits("fork", "start more processes than allowed", "a few can be started"),
  limits("file", "write a larger file than allowed", "a smaller one can be written"),
  limits("temporary", "fill memory with files in /tmp", "a file can be written there"),
];
