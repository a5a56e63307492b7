# Runs in the sandbox with the descriptors that shell-protocol.ts describes. Arguments: the mark (or an empty string),
# limits for ulimit, then the writable folders, without symbolic links, the workspace first.
exec 0</dev/null 1>/dev/null 2>/dev/null
# Closes descriptors that the server inherited from the process that started it. 255 is this script.
for fd in /proc/self/fd/*; do
  fd=${fd##*/}
  ((fd > 11 && fd != 255)) && exec {fd}>&-
done
# Node raises the soft limit of descriptors to the hard limit, and some programs loop over all of them. No core files,
# because the machine decides who can read them.
ulimit -Sn 4096
ulimit -c 0
# One at a time: a limit that is already lower cannot be raised and stays.
for limit in $2; do ulimit "${limit%%=*}" "${limit#*=}"; done
LC_ALL=C
mark=$1
shift 2
zones=("$@")
tools=$PATH

field() { IFS= read -r -d '' -u "$in" "$1"; }

inside() {
  local zone
  for zone in "${zones[@]}"; do [[ $1 == "$zone" || $1 == "$zone"/* ]] && return 0; done
  return 1
}

# The streams of a shell process: FIFOs, which the server holds open so that opening them does not block, or our own 3,
# 4 and 5.
open_streams() {
  [[ $streams ]] && exec 3<"$streams.in" 4>"$streams.status" 5>"$streams.output"
  # Skips input that an earlier process left unread; it ends with the nonce.
  while IFS= read -r -d '' -u 3 word; do [[ $word == "$nonce" ]] && break; done
  cd -- "$cwd" || cd -- "${zones[0]}" || cd /
  unset OLDPWD
}

# Starts a shell, which reads its commands from its input. One that restores another shell's state starts with an empty
# environment.
start_shell() {
  local streams bare
  field streams && field bare || return
  # Job control while it is started: otherwise a background process, and so every command, would ignore SIGINT.
  set -m
  (
    trap : HUP INT QUIT TERM USR1 USR2
    open_streams
    shell=("$BASH" --noprofile --norc --noediting -i)
    [[ $bare ]] && shell=(env -i ${mark:+"$mark"} "${shell[@]}") || export SHLVL=0 PATH=$tools
    "${shell[@]}" <&3 3<&- 200>&4 201>&5 4>&- 5>&-
    printf 'exit\0%s\0%s\0\0' "$?" "$nonce" >&4
  ) 6<&- 7>&- 8>&- &
  set +m
  word=ok
}

# Starts a job. Its input begins with a script; what follows is for the command.
start_job() {
  local streams bare terminal script
  field streams && field bare && field terminal || return
  set -m
  (
    trap : HUP INT QUIT TERM USR1 USR2
    open_streams
    IFS= read -r -d '' -u 3 script
    exec 9< <(printf '%s' "$script")
    job=("$BASH" --noprofile --norc -c '. /dev/fd/9')
    [[ $terminal ]] && job=(script -qefc 'exec bash --noprofile --norc -c ". /dev/fd/9"' /dev/null)
    export SHELL=$BASH
    [[ $bare ]] && job=(env -i ${mark:+"$mark"} SHELL="$BASH" PATH="$PATH" "${job[@]}") || export SHLVL=0 PATH=$tools
    "${job[@]}" <&3 3<&- >&5 2>&1 5>&- 200>&4 4>&-
    printf 'exit\0%s\0%s\0\0' "$?" "$nonce" >&4
  ) 6<&- 7>&- 8>&- &
  set +m
  word=ok
}

# Bash itself reads and writes files that are small and contain no NUL: starting a program takes longer.
small=16384

read_file() {
  local text
  if [[ -d $path ]]; then
    word=is_directory
  elif [[ ! -e $path ]]; then
    word=file_not_found
  elif [[ -f $path && -r $path ]]; then
    word=ok
    # Fails at the end of the file, so `text` is the whole file.
    if ! IFS= read -r -d '' -n "$((size < small ? size : small))" text <"$path"; then
      printf '%s' "$text" >&"$out"
    else
      head -c "$size" -- "$path" >&"$out" || word=file_failed
    fi
  fi
}

# Reads the bytes that follow the request. All of them must be read, or the next request would start in the middle.
take() {
  local text
  if [[ $plain == 1 ]] && ((size <= small)); then
    IFS= read -r -N "$size" -u "$in" text
    printf '%s' "$text"
  else
    head -c "$size" <&"$in"
  fi
}

# Writes a temporary file next to the target and renames it. `plain` is 1 if the data contains no NUL.
write_file() {
  local folder name new taken=
  word=ok
  [[ -L $path ]] && path=$(realpath -m -- "$path")
  folder=${path%/*}/ name=${path##*/}
  if [[ -d $path || -z $name || $name == . || $name == .. ]]; then
    word=is_directory
  elif ! cd -P -- "$folder"; then
    folder=$(realpath -m -- "$folder")
    if ! inside "$folder"; then
      word=outside_workspace
    elif ! { mkdir -p -- "$folder" && cd -P -- "$folder"; }; then
      word=file_failed
    fi
  fi
  if [[ $word == ok ]]; then
    new=.$nonce.new
    if ! inside "$PWD"; then
      word=outside_workspace
    elif [[ -e $name && ! -f $name ]]; then
      word=file_failed
    elif [[ $plain == 1 && ! -e $name ]] && ((size <= small)); then
      # A new file that is written in one go needs no temporary file.
      { taken=1; take || word=file_failed; } >"$name" || word=file_failed
      [[ $word == ok ]] || rm -f -- "$name"
    else
      { taken=1; take || word=file_failed; } >"$new" || word=file_failed
      [[ $word == ok && -e $name ]] && { chmod --reference="$name" -- "$new" || word=file_failed; }
      [[ $word == ok ]] && { mv -fT -- "$new" "$name" || word=file_failed; }
      [[ $word == ok ]] || rm -f -- "$new"
    fi
  fi
  [[ $taken ]] || take
}

run_program() {
  local argv=() count argument
  field count
  while ((count-- > 0)); do
    field argument
    argv+=("$argument")
  done
  (
    cd -- "$cwd" || cd /
    PATH=$tools
    exec {in}<&- {out}>&- {err}>&-
    exec -- "${argv[@]}"
  ) >&"$out" 2>&"$err"
  word=$?
}

serve_channel() {
  in=$1 out=$2 err=$3
  printf '%s\0' "$BASHPID" >&"$err"
  while field kind && field nonce && field cwd; do
    word=file_failed
    case $kind in
      shell) start_shell ;;
      job) start_job ;;
      read) field path && field size && read_file ;;
      write) field path && field size && field plain && write_file ;;
      program) run_program ;;
    esac
    printf '%s%s\0' "$nonce" "$word" >&"$out"
    printf '%s\0' "$nonce" >&"$err"
  done
}

set -m
serve_channel 9 10 11 3<&- 4>&- 5>&- 6<&- 7>&- 8>&- &
set +m
PATH=/usr/bin:/bin:$PATH
serve_channel 6 7 8 9<&- 10>&- 11>&-

# The server is gone. A sandbox dies with it; without one, every process in this session or with the mark is killed
# here.
[[ $mark ]] || exit
for folder in /proc/[0-9]*; do
  pid=${folder#/proc/} found=
  [[ $pid == "$$" ]] && continue
  IFS= read -r line <"$folder/stat" || continue
  read -r _ _ _ session _ <<<"${line##*) }"
  [[ $session == "$$" ]] && found=1
  while [[ ! $found ]] && IFS= read -r -d '' line; do [[ $line == "$mark" ]] && found=1; done <"$folder/environ"
  [[ $found ]] && kill -KILL "$pid"
done
