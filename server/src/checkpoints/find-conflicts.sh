# Reads the NUL-terminated names of files that a restore adds, and prints the untracked files that are in their place.
tracked() { git ls-files --error-unmatch -- "$1" >/dev/null 2>&1; }
checked=
while IFS= read -r -d '' each; do
  above=$each blocked=
  while [ "$above" != "${above%/*}" ] && above=${above%/*} && [ "$above" != "$checked" ]; do
    if [ -L "$above" ] || { [ -e "$above" ] && [ ! -d "$above" ]; }; then blocked=$above; fi
  done
  if [ -n "$blocked" ]; then
    tracked "$blocked" || printf '%s\0' "$blocked"
    continue
  fi
  [ "$each" = "${each%/*}" ] || checked=${each%/*}
  if [ -d "$each" ] && [ ! -L "$each" ]; then
    find "./$each" -name .git -print -quit | grep -q . && printf '%s\0' "$each"
    git ls-files -z -o -- "$each"
  elif [ -e "$each" ] || [ -L "$each" ]; then
    printf '%s\0' "$each"
  fi
done
exit 0
