# The escape checks of escape-checks.ts, run inside a container in any POSIX sh. Prints `out N` if attempt N succeeded.
# Harmless even if nothing prevents it: it opens and reads things, and writes only in its own workspace. $1: a file of
# the server; $2: the server's network namespace; $3: the expected user id; the rest: sockets of container engines.
canary=$1 network=$2 user=$3
shift 3
# `true`, because a failed redirection of the special builtin `:` ends the shell.
out() { echo "out $1"; }
{ IFS= read -r line <"$canary"; } 2>/dev/null && out 0
for socket; do [ -e "$socket" ] && out 1; done
# Attempt 2 and the first half of 8 are evaluated outside.
{ true >../written; } 2>/dev/null
[ "$(readlink /proc/self/ns/net)" = "$network" ] && out 3
interfaces=0
while IFS=: read -r name rest; do
  case $name in *lo | *\|*) ;; *) interfaces=1 ;; esac
done </proc/net/dev
[ "$interfaces" = 1 ] && out 4
while read -r name value rest; do
  case $name$value in
    CapInh:*[1-9a-f]* | CapPrm:*[1-9a-f]* | CapEff:*[1-9a-f]* | CapBnd:*[1-9a-f]* | NoNewPrivs:0) out 5 ;;
    Uid:*) [ "$value" = "$user" ] || out 6 ;;
  esac
done </proc/self/status
# Opening is proof enough, so nothing is written.
for name in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/uevent_helper; do
  { true >>"$name"; } 2>/dev/null && out 7
done
printf 'made inside' >made
IFS= read -r line <given
[ "$line" = given ] && out 8
[ "$(env printf works)" = works ] && out 9
command -v bash >/dev/null && echo bash
