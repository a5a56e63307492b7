import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const style = readFileSync(join(import.meta.dirname, "./style.css"), "utf8");
const tokens = new Map(
  [...style.matchAll(/--color-([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, [light, dark] as const],
  ),
);

const backgrounds = ["side", "page", "panel", "raised", "code", "mine"];
/** Text colours and the backgrounds they are used on. */
const pairs: readonly (readonly [text: string, background: string])[] = [
  ...["ink", "soft", "muted"].flatMap((text) => backgrounds.map((background) => [text, background] as const)),
  ...["accent", "good", "warn", "bad", "info"].flatMap((text) =>
    ["side", "page", "panel", `${text}-soft`].map((background) => [text, background] as const),
  ),
  ...["keyword", "string", "number", "type", "name"].flatMap((kind) =>
    ["code", "good-soft", "bad-soft"].map((background) => [`tok-${kind}`, background] as const),
  ),
  ["ink", "active"],
  ["muted", "active"],
  ["on-accent", "accent"],
];
/** WCAG 2.2, success criterion 1.4.3. */
const minContrast = 4.5;

test("[UH3] text has enough contrast to its background in the light and the dark theme", () => {
  assert.ok(tokens.size > 25);
  const failing = pairs.flatMap(([text, background]) =>
    [0, 1].flatMap((theme) => {
      const ratio = contrast(colourOf(text, theme), colourOf(background, theme));
      return ratio >= minContrast
        ? []
        : [`${text} on ${background}, ${theme === 0 ? "light" : "dark"}: ${ratio.toFixed(2)}`];
    }),
  );
  assert.deepEqual(failing, []);
  assert.equal(contrast("#ffffff", "#000000").toFixed(1), "21.0");
  assert.ok(contrast("#999999", "#ffffff") < minContrast);
});

function colourOf(name: string, theme: number): string {
  const colour = tokens.get(name)?.[theme];
  assert.ok(colour !== undefined, `--color-${name} is missing`);
  return colour;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
