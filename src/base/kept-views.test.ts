import { expect, test } from "vitest";
import { copyWords, KeptViews } from "./kept-views.ts";

test("a buffer that is asked for again and again gets one view, of just its bytes", () => {
  const views = new KeptViews();
  const buffer = Uint8Array.from({ length: 20 }, (_, i) => i).subarray(5, 15);
  const first = Array.from({ length: 100 }, () => views.of(buffer)).filter((view) => view !== undefined);
  expect(first.length).toBeGreaterThan(50);
  expect(new Set(first).size).toBe(1);
  expect([first[0]!.getUint8(0), first[0]!.byteLength]).toEqual([5, 10]);
});

test("of many buffers in turn few get a view, and none another's", () => {
  const views = new KeptViews();
  const buffers = Array.from({ length: 40 }, () => new Uint8Array(8));
  for (let round = 0; round < 100; round++) {
    for (const buffer of buffers) {
      const view = views.of(buffer);
      if (view !== undefined) expect(view.buffer).toBe(buffer.buffer);
    }
  }
});

test("what is forgotten has no view", () => {
  const views = new KeptViews();
  const buffer = new Uint8Array(8);
  while (views.of(buffer) === undefined);
  views.forget();
  expect(views.of(buffer)).toBeUndefined();
});

test("any run of bytes is copied, and nothing beside it", () => {
  const source = Uint8Array.from({ length: 80 }, (_, i) => i + 1);
  for (let length = 0; length <= 40; length++) {
    const target = new Uint8Array(60);
    copyWords(new DataView(source.buffer), 3, 3 + length, new DataView(target.buffer), 5);
    expect([...target.subarray(5, 5 + length)]).toEqual([...source.subarray(3, 3 + length)]);
    expect(target.every((byte, i) => byte === 0 || (i >= 5 && i < 5 + length))).toBe(true);
  }
});
