import { expect, test } from "vitest";
import { runScenario, surpriseText } from "./scenario-run.ts";

const SCENARIO = `# Two copies of three.
nodes 3
n1> SET k v
< OK
at 2s kill n3
n2> GET k
< nil
check replicas k
n1> EXISTS k
< 1
`;

test("a scenario's text is given back with the answers that came, and says where they surprise", async () => {
  const { text, surprises } = await runScenario(SCENARIO);
  expect(text).toBe(
    SCENARIO.replace("nil", "v").replace("replicas k\n", "replicas k\n< n1 n2: v\n< n3: off\n"),
  );
  expect(surprises.map(surpriseText)).toEqual([
    "line 6: n2> GET k\n  expected:\n    nil\n  given:\n    v",
    "line 8: check replicas k\n  expected: nothing\n  given:\n    n1 n2: v\n    n3: off",
  ]);
  expect((await runScenario(text)).surprises).toEqual([]);
});

test("one scenario gives one history, event for event", async () => {
  const history = async (seed: string): Promise<string[]> => {
    const lines: string[] = [];
    const text = `seed ${seed}\nload 3\nat 1s crash n2\nat 2s start n2\nwait n2\nat 4s check load\n`;
    await runScenario(text, { trace: (line) => lines.push(line) });
    return lines;
  };
  const first = await history("a");
  const again = await history("a");
  expect(first.length).toBeGreaterThan(500);
  expect(again.find((line, i) => line !== first[i])).toBeUndefined();
  expect(again.length).toBe(first.length);
  expect((await history("b"))[300]).not.toBe(first[300]);
});

test.each([
  ["nodes none", "line 1: nodes COUNT"],
  ["set colour blue", "line 1: set NAME VALUE"],
  ["nodes 3\nexplode n1", "line 2: there is no explode; there are: kill, crash"],
  ["check everything", "line 1: there is no check everything; there are: nodes"],
  ["kill", "line 1: kill NODE"],
  ["kill n7", "line 1: there is no node n7"],
  ["pause n1 long", "line 1: pause NODE TIME"],
  ["partition n1 n2", "line 1: partition NODES | NODES"],
  ["clock n1 melts 5s", "line 1: clock NODE"],
  ["at 5s pass\nat 3s pass", "line 2: it is 5s already"],
  ["pass\nnodes 5", "line 2: there is no nodes"],
])("%j is refused with what would be right", async (text, problem) => {
  await expect(runScenario(text)).rejects.toThrow(problem);
});

test("the load finds what is lost", async () => {
  const text =
    "load 2\nat 1s load-end\nkill n1\nkill n2\nkill n3\nstart n1\nstart n2\nstart n3\nwait n1 n2 n3\ncheck load";
  const result = await runScenario(text);
  expect(result.text).toContain("20 lost\n< lost: load");
});
