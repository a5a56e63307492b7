# What answers requests in a container, for any POSIX sh: its text is the first thing that `sh -s` reads on its input, requests follow as
# calls of `deckhand`. container/lane-words.ts writes them; an answer looks as shell/shell-protocol.ts describes. $@: folders in which files may
# be written, without symbolic links, the workspace first.
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

# Where a link leads in the end, whether or not that is there; what leads in circles leads nowhere.
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

# Into the folder of $path, which is made where it is missing, never outside the zones.
enter_folder() {
  folder=${path%/*}/ there=${path%/*}/
  while [ ! -d "$there" ]; do
    there=${there%/}
    # A link to nowhere, or a file: nothing can be made below it.
    { [ -L "$there" ] || [ -e "$there" ]; } && return 1
    there=${there%/*}/
  done
  cd -P -- "$there" || return 1
  inside "$PWD" || { word=outside_workspace; return 1; }
  if [ "$there" != "$folder" ]; then
    case ${folder#"$there"}/ in */../* | ../*) return 1 ;; esac
    mkdir -p -- "$folder" && cd -P -- "$folder" || return 1
    inside "$PWD" || { word=outside_workspace; return 1; }
  fi
}

# To a file beside the target, then renamed.
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

# " pid:ppid pid:ppid …" of all that lives.
look() {
  table=
  for stat in /proc/[0-9]*/stat; do
    IFS= read -r line <"$stat" || continue
    pid=${line%% *}
    # The name stands in parentheses and may hold anything.
    line=${line##*) }
    case $line in Z* | X*) continue ;; esac
    line=${line#? }
    table="$table $pid:${line%% *}"
  done
}

# Puts the living below the processes `$1` into `found`, without `$2` and what is below those; both " pid pid ".
find_below() {
  look
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

# After a look.
is_alive() {
  case "$table " in *" $1:"*) return 0 ;; esac
  return 1
}

# It is neither stopped nor dead.
goes() {
  IFS= read -r line <"/proc/$1/stat" || return 1
  case ${line##*) } in [TtZX]*) return 1 ;; esac
}

children() {
  if IFS= read -r line <"/proc/$1/task/$1/children" || [ -e "/proc/$1/task/$1/children" ]; then
    printf ' %s' $line
  else
    look
    for entry in $table; do [ "${entry#*:}" = "$1" ] && printf ' %s' "${entry%:*}"; done
  fi
}

end_all() {
  rounds=0
  while [ "$rounds" -lt 20 ]; do
    rounds=$((rounds + 1)) others=
    look
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
    alive) look; is_alive "$1" && word=ok ;;
    goes) goes "$1" && word=ok ;;
    end) end_all && word=ok ;;
  esac 2>/dev/null
  printf '%s%s\0' "$nonce" "$word"
  printf '%s\0' "$nonce" >&2
}

# Everything in sight is killed at the end. That is only right where the first process is ours.
case $(tr '\0' ' ' </proc/1/cmdline) in
  *deckhand-container*) ;;
  *) echo 'This is no container of its own: the first process is not the one that it was started with.' >&2; exit 1 ;;
esac

exec 3>&2
newline='
'
zones=
for zone; do zones=$zones$zone$newline; done
printf '%s\0' "$$" >&2
