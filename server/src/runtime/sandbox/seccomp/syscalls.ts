/**
 * Numbers of the system calls that the filter uses. Sources: Linux 6.17, arch/x86/entry/syscalls/syscall_64.tbl and
 * scripts/syscall.tbl (arm64); from 424 on all architectures share them. A test compares them with the machine's
 * headers.
 */
export interface Architecture {
  /** AUDIT_ARCH_… of linux/audit.h. */
  readonly audit: number;
  readonly numbers: Readonly<Record<SyscallName, number>>;
}

/** The last call that was reviewed. Calls that a later kernel adds are not available to commands. */
export const lastSyscall = 469;

const shared = {
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  clone3: 435,
  pidfd_getfd: 438,
  mount_setattr: 442,
  quotactl_fd: 443,
  open_tree_attr: 467,
} as const;

const x86_64 = {
  ...shared,
  ioctl: 16,
  socket: 41,
  clone: 56,
  syslog: 103,
  personality: 135,
  pivot_root: 155,
  acct: 163,
  mount: 165,
  umount2: 166,
  swapon: 167,
  swapoff: 168,
  reboot: 169,
  init_module: 175,
  delete_module: 176,
  quotactl: 179,
  lookup_dcookie: 212,
  kexec_load: 246,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  unshare: 272,
  perf_event_open: 298,
  open_by_handle_at: 304,
  setns: 308,
  process_vm_readv: 310,
  process_vm_writev: 311,
  finit_module: 313,
  kexec_file_load: 320,
  bpf: 321,
  userfaultfd: 323,
} as const;

export type SyscallName = keyof typeof x86_64;

const aarch64: Readonly<Record<SyscallName, number>> = {
  ...shared,
  lookup_dcookie: 18,
  ioctl: 29,
  umount2: 39,
  mount: 40,
  pivot_root: 41,
  quotactl: 60,
  acct: 89,
  personality: 92,
  unshare: 97,
  kexec_load: 104,
  init_module: 105,
  delete_module: 106,
  syslog: 116,
  reboot: 142,
  socket: 198,
  add_key: 217,
  request_key: 218,
  keyctl: 219,
  clone: 220,
  swapon: 224,
  swapoff: 225,
  perf_event_open: 241,
  open_by_handle_at: 265,
  setns: 268,
  process_vm_readv: 270,
  process_vm_writev: 271,
  finit_module: 273,
  bpf: 280,
  userfaultfd: 282,
  kexec_file_load: 294,
};

/** By `process.arch`. */
export const architectures: Readonly<Partial<Record<string, Architecture>>> = {
  x64: { audit: 0xc000_003e, numbers: x86_64 },
  arm64: { audit: 0xc000_00b7, numbers: aarch64 },
};
