/**
 * Every sabotage is found by its checker within its number of seeds; and the same runs of sound nodes show nothing.
 * All of it takes about a minute of processor time.
 */
import { describe, expect, test } from "vitest";
import { ALL_CHECKERS } from "../checkers/all-checkers.ts";
import { CONTROLS, type Control } from "./controls.ts";

async function finders({ run, foundBy, sabotage }: Control, seed: string, isBroken: boolean) {
  const violations = await run(seed, isBroken ? sabotage.seams : {});
  return violations.filter(({ checker }) => foundBy.includes(checker));
}

/** Of a machine that does much else. */
const timeout = 120_000;

describe.each(CONTROLS.map((control) => [control.sabotage.name, control] as const))("%s", (_, control) => {
  test(`is found within ${control.seedsMax} seeds by ${control.foundBy.join(" or ")}`, {
    timeout,
  }, async () => {
    for (let seed = 1; seed <= control.seedsMax; seed++) {
      if ((await finders(control, `${seed}`, true)).length > 0) return;
    }
    expect.fail(`${control.sabotage.breaks}, and nobody notices`);
  });

  test("is not found in sound nodes", { timeout }, async () => {
    expect(await finders(control, "1", false)).toEqual([]);
  });
});

test("there are controls for every checker", () => {
  const finding = new Set(CONTROLS.flatMap(({ foundBy }) => foundBy));
  expect(ALL_CHECKERS.map(({ name }) => name).filter((name) => !finding.has(name))).toEqual([]);
  expect(new Set(CONTROLS.map(({ sabotage }) => sabotage.name)).size).toBe(22);
});
