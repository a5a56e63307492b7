# Answers channel requests in a container, in any POSIX sh. `sh -s` reads this text from stdin, followed by requests,
# which are calls of `deckhand` (see channel-encoding.ts). shell/shell-protocol.ts describes the format of responses.
# $@: real paths of the folders in which files may be written, the workspace first.
LC_ALL=C

inside() {
  outside=1 IFS=$newline
  set -f
  for zone in $zones; do
    case $1 in "$zone" | "$zone"/*) outside=0 ;; esac
  done
  set +f
  unset IFS
  return "$outside"
}

# Replaces $path with the final target of a symbolic link, whether or not it exists. Circular links are left unresolved.
follow_links() {
  hops=0
  while [ -L "$path" ] && [ "$hops" -lt 40 ]; do
    target=$(readlink -- "$path"; echo .)
    target=${target%??}
    case $target in
      /*) path=$target ;;
      *) path=${path%/*}/$target ;;
    esac
    hops=$((hops + 1))
  done
}

read_file() {
  path=$1 size=$2
  if [ -d "$path" ]; then
    word=is_directory
  elif [ ! -e "$path" ]; then
    word=file_not_found
  elif [ -f "$path" ] && [ -r "$path" ]; then
    head -c "$size" "$path" && word=ok
  fi
}

# Changes to the folder of $path, creating it if necessary, but never outside the zones.
enter_folder() {
  folder=${path%/*}/ existing=${path%/*}/
  while [ ! -d "$existing" ]; do
    existing=${existing%/}
    # A broken link or a file: nothing can be created below it.
    { [ -L "$existing" ] || [ -e "$existing" ]; } && return 1
    existing=${existing%/*}/
  done
  cd -P -- "$existing" || return 1
  inside "$PWD" || { word=outside_workspace; return 1; }
  if [ "$existing" != "$folder" ]; then
    case ${folder#"$existing"}/ in */../* | ../*) return 1 ;; esac
    mkdir -p -- "$folder" && cd -P -- "$folder" || return 1
    inside "$PWD" || { word=outside_workspace; return 1; }
  fi
}

# Writes to a temporary file next to the target and renames it.
write_file() {
  path=$1 size=$2
  follow_links
  name=${path##*/} new=.$nonce.new
  if [ -d "$path" ] || [ -z "$name" ] || [ "$name" = . ] || [ "$name" = .. ]; then
    word=is_directory
  elif enter_folder; then
    if [ -e "$name" ] && [ ! -f "$name" ]; then
      :
    else
      [ "$size" = 0 ] || printf '%sgo\0' "$nonce"
      if head -c "$size" >"$new" && { [ ! -e "$name" ] || chmod "$(stat -c %a -- "$name")" "$new"; }; then
        mv -f -- "$new" "$name" && word=ok
      fi
      [ "$word" = ok ] || rm -f -- "$new"
    fi
  fi
  cd /
}

run_program() {
  (
    cd -- "$cwd" || cd /
    exec "$@"
  ) </dev/null 2>&3 3>&-
  word=$?
}

# Sets `table` to " pid:ppid pid:ppid …" of all live processes.
scan_processes() {
  table=
  for stat in /proc/[0-9]*/stat; do
    IFS= read -r line <"$stat" || continue
    pid=${line%% *}
    # The name is in parentheses and may contain anything.
    line=${line##*) }
    case $line in Z* | X*) continue ;; esac
    line=${line#? }
    table="$table $pid:${line%% *}"
  done
}

# Sets `found` to the live descendants of the processes `$1`, except `$2` and their descendants; both are " pid pid ".
find_below() {
  scan_processes
  found=
  more=1
  while [ "$more" ]; do
    more=
    for entry in $table; do
      pid=${entry%:*}
      case "$2$found " in *" $pid "*) continue ;; esac
      case "$1$found " in *" ${entry#*:} "*) found="$found $pid" more=1 ;; esac
    done
  done
}

# Requires a fresh `table`.
is_alive() {
  case "$table " in *" $1:"*) return 0 ;; esac
  return 1
}

# Neither stopped nor dead.
is_running() {
  IFS= read -r line <"/proc/$1/stat" || return 1
  case ${line##*) } in [TtZX]*) return 1 ;; esac
}

children() {
  if IFS= read -r line <"/proc/$1/task/$1/children" || [ -e "/proc/$1/task/$1/children" ]; then
    printf ' %s' $line
  else
    scan_processes
    for entry in $table; do [ "${entry#*:}" = "$1" ] && printf ' %s' "${entry%:*}"; done
  fi
}

end_all() {
  rounds=0
  while [ "$rounds" -lt 20 ]; do
    rounds=$((rounds + 1)) others=
    scan_processes
    for entry in $table; do
      case ${entry%:*} in 1 | $$) ;; *) others="$others ${entry%:*}" ;; esac
    done
    [ "$others" ] || return 0
    kill -s KILL $others
  done
  return 1
}

deckhand() {
  request=$1 nonce=$2 cwd=$3 word=file_failed
  shift 3
  case $request in
    read) read_file "$@" ;;
    write) write_file "$@" ;;
    program) run_program "$@" ;;
    before) children "$1"; children 1; word=ok ;;
    since) find_below " $1 1 " " $2 "; printf '%s' "$found"; word=ok ;;
    below) find_below " $1 " " ${2-} "; printf '%s' "$found"; word=ok ;;
    tree) find_below " $1 " " "; is_alive "$1" && found=" $1$found"; printf '%s' "$found"; word=ok ;;
    signal) kill -s "$@"; word=ok ;;
    alive) scan_processes; is_alive "$1" && word=ok ;;
    running) is_running "$1" && word=ok ;;
    end) end_all && word=ok ;;
  esac 2>/dev/null
  printf '%s%s\0' "$nonce" "$word"
  printf '%s\0' "$nonce" >&2
}

# `end` kills every visible process, so refuse to run anywhere but in a container of our own.
case $(tr '\0' ' ' </proc/1/cmdline) in
  *deckhand-container*) ;;
  *) echo 'Not a container of its own: its first process is not the one that Deckhand starts.' >&2; exit 1 ;;
esac

exec 3>&2
newline='
'
zones=
for zone; do zones=$zones$zone$newline; done
printf '%s\0' "$$" >&2
