/**
 * Runs the function once per key and shares its result. A failure is not kept, because people fix the cause while the
 * server runs.
 */
export function memoizeSuccessByKey<K, T>(run: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const results = new Map<string, Promise<T>>();
  return (key) => {
    const name = JSON.stringify(key);
    const result = results.get(name) ?? run(key);
    results.set(name, result);
    result.catch(() => results.delete(name));
    return result;
  };
}

export function memoizeSuccess<T>(run: () => Promise<T>): () => Promise<T> {
  const byKey = memoizeSuccessByKey<"", T>(run);
  return () => byKey("");
}
