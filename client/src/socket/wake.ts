/**
 * Calls back when a browser comes back online or its page becomes visible; does nothing in Node. Returns a function
 * that unsubscribes.
 */
export function onWake(callback: () => void): () => void {
  const page = globalThis as unknown as { readonly window?: EventTarget; readonly document?: Page };
  const { window, document } = page;
  if (window === undefined || document === undefined) return () => {};
  const whenVisible = (): void => {
    if (document.visibilityState === "visible") callback();
  };
  window.addEventListener("online", callback);
  document.addEventListener("visibilitychange", whenVisible);
  return () => {
    window.removeEventListener("online", callback);
    document.removeEventListener("visibilitychange", whenVisible);
  };
}

interface Page extends EventTarget {
  readonly visibilityState: string;
}
