import assert from "node:assert/strict";
import { test } from "node:test";
import { agreedSize } from "./agreed-size.ts";

const small = { rows: 20, cols: 40 };
const large = { rows: 50, cols: 200 };

test("[UW4] a terminal has the size of the window in which somebody typed last, else of the first one that reported a size", () => {
  assert.equal(agreedSize([]), undefined);
  assert.equal(agreedSize([{ size: undefined, typedAt: 7 }]), undefined);
  const first = { size: large, typedAt: 0 };
  const second = { size: small, typedAt: 0 };
  assert.equal(agreedSize([{ size: undefined, typedAt: 0 }, first, second]), large);
  assert.equal(agreedSize([first, { ...second, typedAt: 1 }]), small);
  assert.equal(
    agreedSize([
      { ...first, typedAt: 2 },
      { ...second, typedAt: 1 },
    ]),
    large,
  );
});
