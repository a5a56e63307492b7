# The checks of escape-checks.sh that need a socket or a system call: Perl is part of every Debian and offers both. The
# output is the same. The arguments of the calls are harmless: what counts is whether the kernel would have evaluated
# them.
use strict;
use Socket;
use Fcntl;
$| = 1;
my %of = map { split /=/, $_, 2 } @ARGV;
sub leak { print "leak $_[0]\n" }
sub control { print "control $_[0]\n" }
# The error number; 0 if the call succeeded.
sub errno { my $got = syscall($_[0], @_[1 .. $#_]); $got < 0 ? $! + 0 : 0 }
my ($EPERM, $ENOSYS, $EFAULT) = (1, 38, 14);
sub refused { my $code = errno(@_); $code == $EPERM || $code == $ENOSYS }

# Waits 300 ms at most: if nothing answers, the target is unreachable.
sub reaches {
  my ($family, $type, $address) = @_;
  socket(my $socket, $family, $type, 0) or return 0;
  fcntl($socket, F_SETFL, O_NONBLOCK);
  return 1 if connect($socket, $address);
  return 0 if $! != 115;
  vec(my $ready = '', fileno($socket), 1) = 1;
  return select(undef, $ready, undef, 0.3) && !unpack('i', getsockopt($socket, SOL_SOCKET, SO_ERROR));
}
sub listens {
  my ($family, $address) = @_;
  socket(my $socket, $family, SOCK_STREAM, 0) or return;
  return bind($socket, $address) && listen($socket, 5) ? $socket : undef;
}

my $loopback = inet_aton('127.0.0.1');
my $own = listens(AF_INET, pack_sockaddr_in(0, $loopback));
if ($own && reaches(AF_INET, SOCK_STREAM, getsockname($own))) { control($_) for qw(ports metadata) }
leak('ports') if reaches(AF_INET, SOCK_STREAM, pack_sockaddr_in($of{port}, $loopback));
for (qw(169.254.169.254 100.100.100.200)) {
  leak('metadata') if reaches(AF_INET, SOCK_STREAM, pack_sockaddr_in(80, inet_aton($_)));
}
# Judged by its effect outside.
socket(my $udp, AF_INET, SOCK_DGRAM, 0) && control('datagrams');
send($udp, 'canary', 0, pack_sockaddr_in($of{udp}, $loopback));
for (['path', 'own.sock', $of{outside}], ['workspace', 'own2.sock', $of{within}], ['abstract', "\0own", "\0$of{abstract}"]) {
  my ($name, $mine, $theirs) = @$_;
  my $server = listens(AF_UNIX, pack_sockaddr_un($mine));
  control($name) if $server && reaches(AF_UNIX, SOCK_STREAM, pack_sockaddr_un($mine));
  leak($name) if reaches(AF_UNIX, SOCK_STREAM, pack_sockaddr_un($theirs));
}
control('families') if socket(my $any, AF_INET, SOCK_STREAM, 0);
# vsock, which reaches the machine's own hypervisor; packet sockets; the kernel's ciphers.
for (40, 17, 38) { leak('families') if socket(my $odd, $_, $_ == 17 ? 3 : $_ == 38 ? 5 : 1, 0) }

# Traced without stopping it, and released when this script ends.
my $seize = 0x4206;
pipe(my $wait, my $go);
my $child = fork;
if (!$child) { close $go; sysread($wait, my $byte, 1); exit }
control('ptrace') if errno($of{ptrace}, $seize, $child, 0, 0) == 0;
if (open my $stat, '<', "/proc/$of{victim}/stat") {
  my @fields = split ' ', <$stat> =~ s/.*\) //r;
  leak('ptrace') if $fields[19] == $of{tick} && errno($of{ptrace}, $seize, $of{victim}, 0, 0) == 0;
}
close $go;

# If the filter allows a call, the kernel rejects it because of its invalid address.
if (errno($of{stat}, 0, 0) == $EFAULT) { control($_) for qw(mounts keyrings kernel) }
leak('mounts') if !refused($of{mount}, 0, 0, 0, 0, 0) || !refused($of{fsopen}, 0, 0);
leak('keyrings') if !refused($of{keyctl}, 0, -3, 0) || !refused($of{add_key}, 0, 0, 0, 0, -3);
for (qw(bpf perf_event_open io_uring_setup userfaultfd init_module)) { leak('kernel') if !refused($of{$_}, -1, 0, 0, 0, 0) }
control('terminal') if errno($of{ioctl}, 0, 0x5401, 0) != $EPERM;
leak('terminal') if !refused($of{ioctl}, 0, 0x5412, 0);
leak('setuid') if errno($of{setuid}, 0) == 0;
control('setuid') if $> == $<;
