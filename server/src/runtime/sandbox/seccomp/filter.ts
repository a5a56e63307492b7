/**
 * The filter of system calls that every command runs under. A list of what is refused, since a list of what is allowed breaks a
 * program a week; but what a later kernel adds is refused until somebody has looked at it. Behind the wall most of it would fail
 * anyway, for want of a capability: this is the second wall, and keeps the kernel's least tried code out of reach.
 *
 * `ptrace` is allowed, for debuggers: in a pid namespace there is nobody to trace but one's own, under the same filter.
 * Nothing can be said here about paths; which Unix sockets can be reached is what is shown (sockets.ts).
 *
 * Source of the record's layout: linux/seccomp.h, struct seccomp_data: nr 0, arch 4, arguments from 16 on, 8 bytes each. Only the lower
 * half of an argument is looked at, as the kernel itself does for those that are named here.
 */
import { DeckhandError } from "@deckhand/protocol";
import { assemble, type Instruction } from "./bpf.ts";
import { architectures, lastSyscall, type SyscallName } from "./syscalls.ts";

const allow = 0x7fff_0000;
const refuseWith = (errno: number): number => 0x0005_0000 + errno;
const errno = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const;

/** Refused whatever they are asked. */
const refused: readonly SyscallName[] = [
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
/** Programs have another way where these are said not to be there: libc for clone3, libuv for io_uring, strace for process_vm. */
const notThere: readonly SyscallName[] = [
  ...([
    "clone3",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "process_vm_readv",
    "process_vm_writev",
  ] as const),
];

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: linux/sched.h. For clone 0x80 is part of a signal's number. */
const newNamespace = 0x7e02_0000;
const newTime = 0x80;
/** They put words into the terminal's input. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const family = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const SOCK_RAW = 3;
const SOCK_PACKET = 10;
/** Not asked for: a 32-bit or fixed layout, no randomization. What else there is makes memory executable or maps page zero. */
const harmlessPersonality = 0x0006_0008;
const queryPersonality = 0xffff_ffff;
/** On x86-64 this bit asks for the x32 calls. */
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
const back = (value: number): Instruction => ({ op: "return", value });

/** The filter as bubblewrap's `--seccomp` wants it. Fails with `sandbox_unavailable` on an architecture that we have no numbers for. */
export function seccompFilter(arch: string): Uint8Array {
  const known = architectures[arch];
  if (known === undefined) {
    throw new DeckhandError("sandbox_unavailable", `There is no filter of system calls for ${arch}.`);
  }
  const { audit, numbers } = known;
  return assemble([
    load(4),
    when("equal", audit, "our architecture"),
    back(refuseWith(errno.ENOSYS)),
    label("our architecture"),
    load(0),
    when("anyBit", x32Bit, "ENOSYS"),
    when("above", lastSyscall, "ENOSYS"),
    ...notThere.map((name) => when("equal", numbers[name], "ENOSYS")),
    ...refused.map((name) => when("equal", numbers[name], "EPERM")),
    ...(["clone", "unshare", "ioctl", "socket", "personality"] as const).map((name) =>
      when("equal", numbers[name], name),
    ),
    back(allow),

    label("unshare"),
    argument(0),
    when("anyBit", newTime, "EPERM"),
    label("clone"),
    argument(0),
    when("anyBit", newNamespace, "EPERM"),
    back(allow),

    label("ioctl"),
    argument(1),
    when("equal", TIOCSTI, "EPERM"),
    when("equal", TIOCLINUX, "EPERM"),
    back(allow),

    label("personality"),
    argument(0),
    when("equal", queryPersonality, "allow"),
    when("anyBit", ~harmlessPersonality, "EPERM"),
    back(allow),

    label("socket"),
    argument(0),
    when("equal", family.unix, "allow"),
    when("equal", family.inet, "internet"),
    when("equal", family.inet6, "internet"),
    when("equal", family.netlink, "netlink"),
    back(refuseWith(errno.EAFNOSUPPORT)),
    label("internet"),
    argument(1),
    { op: "and", bits: 0xf },
    when("equal", SOCK_RAW, "EPERM"),
    when("equal", SOCK_PACKET, "EPERM"),
    back(allow),
    // Protocol 0 tells about interfaces and routes, which libc asks for the names of hosts.
    label("netlink"),
    argument(2),
    when("equal", 0, "allow"),
    back(refuseWith(errno.EPROTONOSUPPORT)),

    label("allow"),
    back(allow),
    label("EPERM"),
    back(refuseWith(errno.EPERM)),
    label("ENOSYS"),
    back(refuseWith(errno.ENOSYS)),
  ]);
}
