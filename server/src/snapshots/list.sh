# Prints what list.ts reads: lists of entries that end with NUL, each list ended by one more.
#   git's version | how much is ignored | what differs from the index | of that and of small ignored files: stat, then what cannot be read
#   | the tree, where nothing differs
# $1: the most ignored files that are looked at.
work=$GIT_DIR/work
rm -f "$GIT_INDEX_FILE.lock" "$work"/list.*
git version || exit
printf '\0\0'
for round in 1 2 3 4 5 6 7 8; do
  git ls-files -z -o -m --exclude-standard >"$work/list.differ" || exit 1
  sed -z -n '/\/$/p' "$work/list.differ" >"$work/list.inside"
  [ -s "$work/list.inside" ] || break
  while IFS= read -r -d '' each; do
    printf '100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\t%s.deckhand-inside\0' "$each"
  done <"$work/list.inside" | git update-index -z --index-info || exit 1
done
git ls-files -z -o -i --exclude-standard --directory >"$work/list.ignored" || exit 1
sed -z '/\/$/d' "$work/list.ignored" | head -z -n "$1" >"$work/list.small"
tr -dc '\0' <"$work/list.ignored" | wc -c | tr '\n' '\0'; printf '\0'
cat "$work/list.differ"; printf '\0'
for list in differ small; do
  xargs -0 -r -a "$work/list.$list" stat --printf '%s %f %n\0' -- 2>/dev/null; printf '\0'
  xargs -0 -r -a "$work/list.$list" sh -c 'for f; do [ -r "$f" ] || [ -h "$f" ] || [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh
  printf '\0'
done
[ -s "$work/list.differ" ] || [ -s "$work/list.small" ] || git write-tree | tr '\n' '\0'
