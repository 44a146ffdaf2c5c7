import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { decodeMarker, encodeMarker, loadMarker, saveMarker } from "./store-marker.ts";

test("the bytes of format 1 are these, for ever", () => {
  expect(Buffer.from(encodeMarker("node")).toString()).toBe("node 1 a65c6212\n");
  expect(Buffer.from(encodeMarker("embedded")).toString()).toBe("embedded 1 4a83d9a1\n");
});

test("it is read as it was written, and survives a crash", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  await world.runUntil(disk.makeDirectory("/d"));
  expect(await world.runUntil(loadMarker(disk, "/d"))).toBeUndefined();
  await world.runUntil(saveMarker(disk, "/d", "embedded"));
  world.crash("a");
  expect(await world.runUntil(loadMarker(world.runtime("a").disk, "/d"))).toBe("embedded");
});

test("each bit that flips is noticed", () => {
  for (const kind of ["node", "embedded"] as const) {
    const bytes = encodeMarker(kind);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      expect(() => decodeMarker(flipped, "/d/STORE")).toThrow(
        expect.objectContaining({
          code: "CORRUPTION",
          message: expect.stringContaining("/d/STORE: offset 0"),
        }),
      );
    }
  }
});

test("a later version says that it is newer", () => {
  expect(() => decodeMarker(utf8("node 2 3f5533a8\n"), "/d/STORE")).toThrow("made by a newer version");
});
