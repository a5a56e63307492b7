# What proof.ts tries from inside a container, in any POSIX sh: `out N` is printed for attempt N when it got through. Harmless where
# nothing holds it back: things are opened and looked at, and written in its own workspace alone. $1: a file of the server's; $2: its
# network namespace; $3: the user commands must be; the rest: where engines listen.
canary=$1 network=$2 user=$3
shift 3
# `true`, because a shell that cannot redirect `:` ends.
out() { echo "out $1"; }
{ IFS= read -r line <"$canary"; } 2>/dev/null && out 0
for socket; do [ -e "$socket" ] && out 1; done
# Attempt 2 and the first half of 8 are judged outside.
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
# Opened, not written: that is enough to know.
for name in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/uevent_helper; do
  { true >>"$name"; } 2>/dev/null && out 7
done
printf 'made inside' >made
IFS= read -r line <given
[ "$line" = given ] && out 8
[ "$(env printf works)" = works ] && out 9
command -v bash >/dev/null && echo bash
