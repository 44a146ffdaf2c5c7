import { expect, test } from "vitest";
import { StopSignals } from "./stop-signals.ts";

test("the first signal asks for a good end, a later one for an end at once", () => {
  const signals = new StopSignals();
  expect(signals.onSignal(10_000)).toBe("stop");
  expect(signals.onSignal(11_000)).toBe("exit");
});

test("a signal that npm passes on counts with the one from the terminal", () => {
  const signals = new StopSignals();
  expect(signals.onSignal(10_000)).toBe("stop");
  expect(signals.onSignal(10_002)).toBe("ignore");
  expect(signals.onSignal(10_499)).toBe("ignore");
  expect(signals.onSignal(10_500)).toBe("exit");
});
