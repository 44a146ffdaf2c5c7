import { expect, test } from "vitest";
import { ReadPace } from "./read-pace.ts";

test("quick reads are waited for, and one slow one among many changes nothing", () => {
  const pace = new ReadPace();
  for (let i = 0; i < 1000; i++) {
    expect(pace.isQuick(i)).toBe(true);
    pace.onRead(i % 100 === 0 ? 20 : 0.005, i);
  }
});

test("after some slow reads nobody waits for a second, and then a single one is enough", () => {
  const pace = new ReadPace();
  let slow = 0;
  for (; pace.isQuick(10); slow++) pace.onRead(0.2, 10);
  expect(slow).toBeLessThan(5);
  expect(pace.isQuick(1009)).toBe(false);
  expect(pace.isQuick(1010)).toBe(true);
  pace.onRead(0.2, 1010);
  expect(pace.isQuick(1011)).toBe(false);
  pace.onRead(0.001, 2010);
  pace.onRead(0.001, 2010);
  expect(pace.isQuick(2010)).toBe(true);
});
