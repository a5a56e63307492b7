/**
 * The system call filter of every command. A deny list, because an allow list breaks a program every week; but calls
 * that a later kernel adds are denied until someone has reviewed them. In the sandbox most of the denied calls would
 * fail anyway, for lack of a capability: the filter is the second line of defence and keeps the kernel's least tested
 * code out of reach.
 *
 * `ptrace` is allowed for debuggers: in a pid namespace a process can trace only its own kind, under the same filter.
 * The filter cannot see paths; which Unix sockets are reachable depends on the mounts (mounts/hidden-sockets.ts).
 *
 * Layout of the record: linux/seccomp.h, struct seccomp_data: nr at 0, arch at 4, arguments from 16, 8 bytes each. Only
 * the lower half of an argument is compared, as the kernel itself does for the arguments used here.
 */
import { DeckhandError } from "@deckhand/protocol";
import { assemble, type Instruction } from "./bpf.ts";
import { architectures, lastSyscall, type SyscallName } from "./syscalls.ts";

const allow = 0x7fff_0000;
const failWith = (errno: number): number => 0x0005_0000 + errno;
const errno = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const;

/** Denied with any arguments. */
const denied: readonly SyscallName[] = [
  ...(["mount", "umount2", "pivot_root", "open_tree", "open_tree_attr", "move_mount", "mount_setattr"] as const),
  ...(["fsopen", "fsconfig", "fsmount", "fspick", "setns", "open_by_handle_at", "quotactl", "quotactl_fd"] as const),
  ...([
    "add_key",
    "request_key",
    "keyctl",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "syslog",
    "lookup_dcookie",
  ] as const),
  ...(["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"] as const),
  ...(["swapon", "swapoff", "reboot", "acct", "pidfd_getfd"] as const),
];
/**
 * Reported as not implemented, because programs have a fallback: libc for clone3, libuv for io_uring, strace for
 * process_vm.
 */
const notImplemented: readonly SyscallName[] = [
  ...([
    "clone3",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "process_vm_readv",
    "process_vm_writev",
  ] as const),
];

/**
 * CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: linux/sched.h. For clone 0x80 is part of a
 * signal's number.
 */
const newNamespace = 0x7e02_0000;
const newTime = 0x80;
/** Both inject input into a terminal. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const family = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const SOCK_RAW = 3;
const SOCK_PACKET = 10;
/** A 32-bit or fixed address layout and no randomization. All other flags make memory executable or map page zero. */
const harmlessPersonality = 0x0006_0008;
const queryPersonality = 0xffff_ffff;
/** On x86-64 this bit selects the x32 system calls. */
const x32Bit = 0x4000_0000;

const load = (offset: number): Instruction => ({ op: "load", offset });
const argument = (index: number): Instruction => load(16 + 8 * index);
const when = (is: "equal" | "above" | "anyBit", value: number, to: string): Instruction => ({
  op: "if",
  is,
  value,
  to,
});
const label = (name: string): Instruction => ({ op: "label", name });
const result = (value: number): Instruction => ({ op: "return", value });

/**
 * The filter in the format of bubblewrap's `--seccomp`. Fails with `sandbox_unavailable` on an unsupported
 * architecture.
 */
export function seccompFilter(arch: string): Uint8Array {
  const architecture = architectures[arch];
  if (architecture === undefined) {
    throw new DeckhandError("sandbox_unavailable", `There is no system call filter for the architecture ${arch}.`);
  }
  const { audit, numbers } = architecture;
  return assemble([
    load(4),
    when("equal", audit, "our architecture"),
    result(failWith(errno.ENOSYS)),
    label("our architecture"),
    load(0),
    when("anyBit", x32Bit, "ENOSYS"),
    when("above", lastSyscall, "ENOSYS"),
    ...notImplemented.map((name) => when("equal", numbers[name], "ENOSYS")),
    ...denied.map((name) => when("equal", numbers[name], "EPERM")),
    ...(["clone", "unshare", "ioctl", "socket", "personality"] as const).map((name) =>
      when("equal", numbers[name], name),
    ),
    result(allow),

    label("unshare"),
    argument(0),
    when("anyBit", newTime, "EPERM"),
    label("clone"),
    argument(0),
    when("anyBit", newNamespace, "EPERM"),
    result(allow),

    label("ioctl"),
    argument(1),
    when("equal", TIOCSTI, "EPERM"),
    when("equal", TIOCLINUX, "EPERM"),
    result(allow),

    label("personality"),
    argument(0),
    when("equal", queryPersonality, "allow"),
    when("anyBit", ~harmlessPersonality, "EPERM"),
    result(allow),

    label("socket"),
    argument(0),
    when("equal", family.unix, "allow"),
    when("equal", family.inet, "internet"),
    when("equal", family.inet6, "internet"),
    when("equal", family.netlink, "netlink"),
    result(failWith(errno.EAFNOSUPPORT)),
    label("internet"),
    argument(1),
    { op: "and", bits: 0xf },
    when("equal", SOCK_RAW, "EPERM"),
    when("equal", SOCK_PACKET, "EPERM"),
    result(allow),
    // Protocol 0 reports interfaces and routes, which libc needs to resolve host names.
    label("netlink"),
    argument(2),
    when("equal", 0, "allow"),
    result(failWith(errno.EPROTONOSUPPORT)),

    label("allow"),
    result(allow),
    label("EPERM"),
    result(failWith(errno.EPERM)),
    label("ENOSYS"),
    result(failWith(errno.ENOSYS)),
  ]);
}
