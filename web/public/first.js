// Before the first drawing and before any module: a script of its own, for the page's security policy takes none within it.

// zod tries `new Function` to be faster; the policy refuses it and the browser reports each try.
globalThis.__zod_globalConfig = { jitless: true };

// What web/src/shell/preferences.ts keeps, so that nobody sees the other theme first.
try {
  const { theme = "system", density = "comfortable" } = JSON.parse(
    localStorage.getItem("deckhand.preferences") ?? "{}",
  );
  document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.density = density;
} catch {
  // Nothing is kept, or this browser keeps nothing.
}
