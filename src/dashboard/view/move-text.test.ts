import { expect, test } from "vitest";
import { moveText } from "./move-text.ts";

test.each([
  ["join", "streaming", 0.439, /^node-4 is joining: 43% is done, 4.0 MB fetched, 512 kB\/s\. /],
  ["leave", "settling", 1, /^node-4 is leaving: all slots are there, nearly over\.$/],
  ["dance", "streaming", 0, /^node-4 dance: 0%/],
] as const)("%s, %s", (kind, stage, progress, text) => {
  expect(
    moveText({ kind, stage, progress, member: "x", bytes: 4_194_304, bytesPerSecond: 524_288 }, "node-4"),
  ).toMatch(text);
});
