# What self-test.ts tries from inside the sandbox; escape-checks.ts has the list. `leak X` is printed if attempt X
# succeeded, `control X` if its control did. Mostly builtins, so that it is fast. Each check only reports what it could
# have reached, so that it does no harm if the sandbox is broken.
canary=$1 other=$2 victim=$3 tick=$4 home=$5 survivor=$6 port=$7 perl=$8
leak() { printf 'leak %s\n' "$1"; }
control() { printf 'control %s\n' "$1"; }
first() { { IFS= read -r line <"$1"; } 2>/dev/null; }
# Opening for append is enough; nothing is written.
opens() { { : >>"$1"; } 2>/dev/null; }

first given && [[ $line == given ]] && control data
first "$canary" && leak data
ln -sf given link && first link && [[ $line == given ]] && control link
ln -sf "$canary" away && first away && leak link
first "/proc/self/root$PWD/given" && control root
for root in /proc/self/root /proc/1/root /proc/self/cwd/../../..; do first "$root$canary" && leak root; done
# Judged by its effect outside.
printf 'made inside' >made
opens ../written
opens .git/description && control hooks
for name in .git/hooks/post-checkout .git/config .git/commondir; do opens "$name" && leak hooks; done
opens own && control system
for name in /usr/bin/env /etc/passwd /etc/cron.d/deckhand /lib/deckhand /home/deckhand /deckhand; do opens "$name" && leak system; done
first /proc/sys/kernel/core_pattern && control switches
for name in /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sysrq-trigger /proc/self/oom_score_adj; do
  opens "$name" && leak switches
done
[[ -c /dev/null && -c /dev/urandom ]] && control devices
for name in /dev/* /dev/*/*; do
  [[ -b $name || $name == /dev/mem || $name == /dev/kmsg || $name == /dev/kvm || $name == /dev/vsock ]] && leak devices
done
mkfifo fifo && control nodes
# A device number that no driver uses; it is not opened.
mknod disk b 240 0 2>/dev/null && leak nodes
[[ -O ~ ]] && opens ~/own && control home
for name in .ssh .aws .gnupg .config .netrc .npmrc .bash_history .gitconfig .profile; do
  [[ -e $home/$name ]] && leak home
done
[[ -d ~ ]] && control others
first "$other/home/canary" && leak others

first /etc/passwd && [[ $line == root:* ]] && control shadow
for name in shadow gshadow sudoers ssl/private ssh/ssh_host_ed25519_key; do [[ -r /etc/$name ]] && leak shadow; done
[[ ${HOME+set} ]] && control environment
[[ ${DECKHAND_CANARY+set} ]] && leak environment
# The whole environment of every visible process.
for name in /proc/[0-9]*/environ; do
  while IFS= read -r -d '' line; do
    [[ $line == HOME=* ]] && seen=1
    [[ $line == DECKHAND_VICTIM=* ]] && leak environments
  done 2>/dev/null <"$name"
done 2>/dev/null
[[ $seen ]] && control environments

first "/proc/$$/stat" && control processes
if first "/proc/$victim/stat"; then
  # Another process may have the same pid inside, but not the same start time.
  fields=(${line##*) })
  [[ ${fields[19]} == "$tick" ]] && leak processes
fi
while IFS= read -r line; do
  [[ $line == *lo:* ]] && control interfaces
  [[ $line == *:* && $line != *lo:* ]] && leak interfaces
done </proc/net/dev
# Through the sandbox's proxy, if it has one (network/namespace.ts defines the port).
{
  printf 'CONNECT 127.0.0.1:%s HTTP/1.1\r\n\r\n' "$port" >&0 && IFS= read -r -t 5 line && {
    [[ $line == HTTP/* ]] && control proxy
    [[ $line == *' 200 '* ]] && leak proxy
  }
} 2>/dev/null <>/dev/tcp/127.0.0.1/3128
unshare --version >/dev/null && control namespaces
for kind in user mount net pid; do unshare "--$kind" true 2>/dev/null && leak namespaces; done
while IFS= read -r line; do
  [[ $line == Uid:* ]] && control privileges
  [[ $line == CapEff:*[1-9a-f]* || $line == CapPrm:*[1-9a-f]* || $line == NoNewPrivs:*0 ]] && leak privileges
  [[ $line == Seccomp:*0 ]] && leak filter
  [[ $line == Seccomp:* ]] && control filter
done </proc/self/status
[[ $perl ]] && perl -e "$perl" -- "${@:9}"
# It only waits, at most twenty seconds; meanwhile the sandbox is killed from outside.
(setsid sleep "$survivor" &)
printf 'waiting\n'
exec sleep 10
