/** What the wall is tried with. Each attempt has a control: what must work for the attempt to mean anything. */
export const checkGroups = ["files", "secrets", "network", "processes", "kernel", "limits"] as const;
export type CheckGroup = (typeof checkGroups)[number];

export interface EscapeCheck {
  /** As attempts.sh, attempts.pl and attempts-limits.sh print it. */
  readonly id: string;
  readonly group: CheckGroup;
  /** In words, as something that is done: "read the server's data". */
  readonly name: string;
  readonly control: string;
  /** Not made where there is no Perl. */
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
  files("link", "read it through a link in the workspace", "a link inside the workspace is followed"),
  files("root", "read it through /proc/…/root", "the workspace is read that way"),
  files("beside", "write beside the workspace", "a file is made in the workspace"),
  files("hooks", "write a repository's hooks and settings", "another file of the repository is opened"),
  files("system", "write to the system's folders", "a file of the workspace is opened"),
  files("switches", "write to the kernel's switches in /proc", "one is read"),
  files("devices", "find disks, memory and the kernel's log in /dev", "/dev/null is there"),
  files("nodes", "make a device", "a FIFO is made"),
  files("home", "see what lies in the user's home", "the conversation's home is written"),
  files("others", "read another conversation's home", "its own is there"),
  secrets("shadow", "read passwords and keys in /etc", "/etc/passwd is read"),
  secrets("environment", "read the server's environment", "HOME is set"),
  secrets("environments", "read it from the processes in sight", "HOME is found in one"),
  network("ports", "connect to a port of the machine", "one inside is connected to"),
  at("network")("proxy", "connect to one through the proxy", "the proxy answers"),
  network("metadata", "connect to a cloud's metadata address", "a port inside is connected to"),
  network("datagrams", "send a datagram to the machine", "a socket for it is made"),
  at("network")("interfaces", "find a network interface", "the loopback of its own is there"),
  network("path", "connect to a Unix socket outside", "one inside is connected to"),
  network("workspace", "connect to one that lies in the workspace", "one inside is connected to"),
  network("abstract", "connect to an abstract Unix socket", "one inside is connected to"),
  network("families", "make sockets of other kinds (vsock, packets, ciphers)", "a TCP socket is made"),
  processes("processes", "see a process of the machine", "one's own is seen"),
  { ...processes("ptrace", "trace a process of the machine", "one's own child is traced"), needsPerl: true },
  processes("outlive", "live on when the sandbox is killed", "it lived before"),
  at("kernel")("namespaces", "make a namespace", "the program that tries it is there"),
  at("kernel")("privileges", "keep or gain a privilege", "the process can look at itself"),
  at("kernel")("filter", "run without a filter of system calls", "the process can look at itself"),
  kernel("mounts", "mount something", "a call with a bad address reaches the kernel"),
  kernel("keyrings", "read and add keys of the kernel", "a call with a bad address reaches the kernel"),
  kernel("kernel", "reach bpf, perf, io_uring, userfaultfd, modules", "a call with a bad address reaches the kernel"),
  kernel("terminal", "type into a terminal", "another request reaches it"),
  kernel("setuid", "become root", "the process is who it was"),
  limits("memory", "take more memory than allowed", "less is taken"),
  limits("fork", "start more processes than allowed", "a few are started"),
  limits("file", "write a larger file than allowed", "a smaller one is written"),
  limits("temporary", "fill more than a part of memory with files in /tmp", "a file is written there"),
];
