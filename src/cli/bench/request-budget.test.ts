import { expect, test } from "vitest";
import { CrewMemory } from "./crew-memory.ts";

test("all threads together may begin exactly as many requests as there are, whoever asks more often", () => {
  for (const requests of [1, 7, 400, 123_456]) {
    const crew = new CrewMemory(3);
    const budgets = [0, 1, 2].map(() => new CrewMemory(3, crew.bytes).budget(requests));
    const taken = [0, 0, 0];
    for (let turn = 0; budgets.some((budget) => !budget.isSpent); turn++) {
      const thread = turn % 4 === 3 ? 0 : turn % 4;
      if (budgets[thread]!.take()) taken[thread]!++;
    }
    expect(taken[0]! + taken[1]! + taken[2]!).toBe(requests);
    expect(budgets.some((budget) => budget.take())).toBe(false);
  }
});

test("asking again and again when nothing is left does not bring anything back", () => {
  const crew = new CrewMemory(2);
  const budget = crew.budget(5);
  for (let i = 0; i < 5; i++) expect(budget.take()).toBe(true);
  for (let i = 0; i < 10_000; i++) expect(budget.take()).toBe(false);
  expect(budget.isSpent).toBe(true);
});
