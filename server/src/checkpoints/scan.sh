# Prints what scan.ts reads: lists of NUL-terminated entries, each list terminated by another NUL.
#   git's version | number of ignored entries | what differs from the index | of those: stat, unreadable ones
#   | of small ignored files: stat, unreadable ones | the tree, if nothing differs
# $1: the maximum number of ignored files to examine.
# If nothing differs, only two git processes are started: this runs after every step.
work=$GIT_DIR/work
[ -e "$GIT_INDEX_FILE.lock" ] && rm -f "$GIT_INDEX_FILE.lock"
[ -s "$work/version" ] || git version >"$work/version" || exit
printf '%s\0\0' "$(<"$work/version")"

for round in 1 2 3 4 5 6 7 8; do
  git ls-files -z -o -m --exclude-standard >"$work/scan.differ" || exit 1
  [ -s "$work/scan.differ" ] || break
  sed -z -n '/\/$/p' "$work/scan.differ" >"$work/scan.inside"
  [ -s "$work/scan.inside" ] || break
  while IFS= read -r -d '' each; do
    printf '100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\t%s.deckhand-inside\0' "$each"
  done <"$work/scan.inside" | git update-index -z --index-info || exit 1
done

git ls-files -z -o -i --exclude-standard --directory >"$work/scan.ignored" || exit 1
>"$work/scan.small"
if [ -s "$work/scan.ignored" ]; then
  sed -z '/\/$/d' "$work/scan.ignored" | head -z -n "$1" >"$work/scan.small"
  tr -dc '\0' <"$work/scan.ignored" | wc -c | tr '\n' '\0'
fi
printf '\0'

[ -s "$work/scan.differ" ] && cat "$work/scan.differ"
printf '\0'
for list in differ small; do
  [ -s "$work/scan.$list" ] && xargs -0 -a "$work/scan.$list" stat --printf '%s %f %n\0' -- 2>/dev/null
  printf '\0'
  [ -s "$work/scan.$list" ] &&
    xargs -0 -a "$work/scan.$list" sh -c 'for f; do [ -r "$f" ] || [ -h "$f" ] || [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh
  printf '\0'
done

[ -s "$work/scan.differ" ] || [ -s "$work/scan.small" ] || {
  [ -s "$work/tree" ] || git write-tree >"$work/tree" || exit 1
  printf '%s\0' "$(<"$work/tree")"
}
exit 0
