# What probe.ts tries from behind the wall: `out N` is printed for attempt N when it got through. Builtins, but for two programs, so
# that it is quick; harmless where there is no wall.
canary=$1 port=$2 pid=$3 tick=$4 home=$5 workspace=$6
out() { printf 'out %s\n' "$1"; }
{ IFS= read -r line <"$canary"; } 2>/dev/null && out 0
[[ ${DECKHAND_CANARY+set} ]] && out 1
# Attempt 2 and the first half of 10 are judged outside.
{ : >"$workspace/../written"; } 2>/dev/null
{ : <>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && out 3
# Through the proxy, where there is one (network/namespace.ts has its port), neither.
{ { printf 'CONNECT 127.0.0.1:%s HTTP/1.1\r\n\r\n' "$port" >&0 && IFS= read -r -t 5 line && [[ $line == *' 200 '* ]]; } <>/dev/tcp/127.0.0.1/3128; } 2>/dev/null && out 3
if { IFS= read -r line <"/proc/$pid/stat"; } 2>/dev/null; then
  # Another process may have the same number inside; it did not start at the same moment.
  set -- ${line##*) }
  [[ ${20} == "$tick" ]] && out 4
fi
{ IFS= read -r line </etc/shadow; } 2>/dev/null && out 5
for name in .ssh .aws .gnupg .config .netrc .npmrc .bash_history .gitconfig .profile; do
  [[ -e $home/$name ]] && out 6
done
unshare --user true 2>/dev/null && out 7
while IFS= read -r line; do
  [[ $line == CapEff:*[1-9a-f]* || $line == NoNewPrivs:*0 ]] && out 8
done </proc/self/status
# Opened, not written: that is enough to know.
for name in /usr/bin/env /etc/passwd /proc/sys/kernel/core_pattern /proc/sysrq-trigger; do
  { : >>"$name"; } 2>/dev/null && out 9
done
printf 'made inside' >made
IFS= read -r line <given
[[ $line == given ]] && out 10
[[ $(/usr/bin/env printf works) == works ]] && out 11
