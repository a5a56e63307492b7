# Prints what list.ts reads: lists of entries that end with NUL, each list ended by one more.
#   git's version | how much is ignored | what differs from the index | of that: stat, what cannot be read
#   | of small ignored files: the same two | the tree, where nothing differs
# $1: the most ignored files that are looked at.
# Where nothing differs, two runs of git are all that is started: this is run after every step.
work=$GIT_DIR/work
[ -e "$GIT_INDEX_FILE.lock" ] && rm -f "$GIT_INDEX_FILE.lock"
[ -s "$work/version" ] || git version >"$work/version" || exit
printf '%s\0\0' "$(<"$work/version")"

for round in 1 2 3 4 5 6 7 8; do
  git ls-files -z -o -m --exclude-standard >"$work/list.differ" || exit 1
  [ -s "$work/list.differ" ] || break
  sed -z -n '/\/$/p' "$work/list.differ" >"$work/list.inside"
  [ -s "$work/list.inside" ] || break
  while IFS= read -r -d '' each; do
    printf '100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\t%s.deckhand-inside\0' "$each"
  done <"$work/list.inside" | git update-index -z --index-info || exit 1
done

git ls-files -z -o -i --exclude-standard --directory >"$work/list.ignored" || exit 1
>"$work/list.small"
if [ -s "$work/list.ignored" ]; then
  sed -z '/\/$/d' "$work/list.ignored" | head -z -n "$1" >"$work/list.small"
  tr -dc '\0' <"$work/list.ignored" | wc -c | tr '\n' '\0'
fi
printf '\0'

[ -s "$work/list.differ" ] && cat "$work/list.differ"
printf '\0'
for list in differ small; do
  [ -s "$work/list.$list" ] && xargs -0 -a "$work/list.$list" stat --printf '%s %f %n\0' -- 2>/dev/null
  printf '\0'
  [ -s "$work/list.$list" ] &&
    xargs -0 -a "$work/list.$list" sh -c 'for f; do [ -r "$f" ] || [ -h "$f" ] || [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh
  printf '\0'
done

[ -s "$work/list.differ" ] || [ -s "$work/list.small" ] || {
  [ -s "$work/tree" ] || git write-tree >"$work/tree" || exit 1
  printf '%s\0' "$(<"$work/tree")"
}
exit 0
