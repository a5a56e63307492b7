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

const grounds = ["side", "page", "panel", "raised", "code", "mine"];
/** Text on ground. */
const pairs: readonly (readonly [text: string, ground: string])[] = [
  ...["ink", "soft", "muted"].flatMap((text) => grounds.map((ground) => [text, ground] as const)),
  ...["accent", "good", "warn", "bad", "info"].flatMap((text) =>
    ["side", "page", "panel", `${text}-soft`].map((ground) => [text, ground] as const),
  ),
  ...["keyword", "string", "number", "type", "name"].flatMap((kind) =>
    ["code", "good-soft", "bad-soft"].map((ground) => [`tok-${kind}`, ground] as const),
  ),
  ["ink", "active"],
  ["muted", "active"],
  ["on-accent", "accent"],
];
/** WCAG 2.2, 1.4.3 for text. */
const least = 4.5;

test("[UH3] text can be read on what it stands on, in the light and in the dark", () => {
  assert.ok(tokens.size > 25);
  const weak = pairs.flatMap(([text, ground]) =>
    [0, 1].flatMap((theme) => {
      const ratio = contrast(colourOf(text, theme), colourOf(ground, theme));
      return ratio >= least ? [] : [`${text} on ${ground}, ${theme === 0 ? "light" : "dark"}: ${ratio.toFixed(2)}`];
    }),
  );
  assert.deepEqual(weak, []);
  assert.equal(contrast("#ffffff", "#000000").toFixed(1), "21.0");
  assert.ok(contrast("#999999", "#ffffff") < least);
});

function colourOf(name: string, theme: number): string {
  const colour = tokens.get(name)?.[theme];
  assert.ok(colour !== undefined, `there is no --color-${name}`);
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
