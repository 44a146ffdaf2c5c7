import fc from "fast-check";
import { expect, test } from "vitest";
import { parseScenario, printScenario, quoted } from "./scenario-text.ts";

const word = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
const answers = fc.array(fc.stringMatching(/^[ -~]{1,20}[!-~]$/), { maxLength: 3 });
const step = fc.tuple(
  fc.constantFrom("", "at 5s ", "at 20ms "),
  fc.constantFrom("", "n1> "),
  fc.array(word, { minLength: 1 }),
);

test("printing what was parsed gives the same text, and words are read as they were written", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, answers)), (steps) => {
      const lines = steps.flatMap(([[at, node, words], said]) => [
        `${at}${node}verb ${words.map(quoted).join(" ")}`,
        ...said.map((answer) => `< ${answer}`),
      ]);
      const text = `# A comment.\n\n${lines.join("\n")}`.trimEnd();
      const parsed = parseScenario(text);
      expect(printScenario(parsed)).toBe(`${text}\n`);
      const played = parsed.filter((line) => line.step !== undefined);
      expect(played.map((line) => line.step!.words)).toEqual(
        steps.map(([[, , words]]) => ["verb", ...words]),
      );
      expect(played.map((line) => line.expected)).toEqual(steps.map(([, said]) => said));
      expect(played.map((line) => line.step!.node)).toEqual(
        steps.map(([[, node]]) => (node === "" ? undefined : "n1")),
      );
    }),
  );
});

test.each([
  ["< OK", "line 1: an answer to nothing"],
  ["# why\n< OK", "line 2: an answer to nothing"],
  ["at noon kill n1", "line 1: noon is no time"],
  ["nodes 3\nat 5s", "line 2"],
  ["n1> ", "line 1: nothing to do"],
  ['n1> SET k "\\x"', "is no string"],
])("%j makes no sense, and is told as such", (text, problem) => {
  expect(() => parseScenario(text)).toThrow(problem);
});
