# The checks of limits, in a separate sandbox with small limits. They are bounded themselves: 50 MB, 24 processes that
# end within a second, a file of 3 MB, 20 MB in /tmp; a machine without a sandbox would not notice. $1: arguments for
# ulimit, as the supervisor applies them.
for limit in $1; do ulimit "${limit%%=*}" "${limit#*=}"; done
perl -e 'my $own = "x"; $own x= 4_000_000; print "control memory\n"'
(perl -e 'my $much = "x"; $much x= 50_000_000; print "leak memory\n"') 2>/dev/null
perl -e '
  my $count = 0;
  for (1 .. 24) { my $pid = fork; last unless defined $pid; if (!$pid) { sleep 1; exit } $count++; push @pids, $pid }
  kill KILL => @pids;
  wait for @pids;
  print "control fork\n" if $count > 2;
  print "leak fork\n" if $count == 24;'
head -c 100000 /dev/zero >small && printf 'control file\n'
head -c 3000000 /dev/zero >large
[[ $(stat -c %s large) -ge 3000000 ]] && printf 'leak file\n'
head -c 100000 /dev/zero >/tmp/deckhand-probe && printf 'control temporary\n'
# Many files, because a single one cannot be large.
for i in {1..20}; do head -c 1000000 /dev/zero >"/tmp/deckhand-probe-$i" || full=1; done
[[ $full ]] || printf 'leak temporary\n'
rm -f /tmp/deckhand-probe* small large
