/** Done once for each key; a failure is tried again, because people install what is missing. */
export function memoizeSuccessByKey<K, T>(make: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const name = JSON.stringify(key);
    const made = known.get(name) ?? make(key);
    known.set(name, made);
    made.catch(() => known.delete(name));
    return made;
  };
}

export function memoizeSuccess<T>(make: () => Promise<T>): () => Promise<T> {
  const known = memoizeSuccessByKey<"", T>(make);
  return () => known("");
}
