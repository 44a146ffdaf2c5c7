import fc from "fast-check";
import { expect, test } from "vitest";
import { DirectoryTree } from "./directory-tree.ts";
import { SimRandom } from "./sim-random.ts";

const name = fc.constantFrom("x", "y", "z");
const step = fc.oneof(
  fc.record({ kind: fc.constant("create" as const), name }),
  fc.record({ kind: fc.constant("remove" as const), name }),
  fc.record({ kind: fc.constant("rename" as const), name, to: name }),
  fc.record({ kind: fc.constant("link" as const), name, to: name }),
  fc.record({ kind: fc.constant("sync" as const), name }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function apply(tree: DirectoryTree, step: Step): void {
  if (step.kind === "create") tree.open(`/d/${step.name}`, true);
  if (step.kind === "remove") tree.remove(`/d/${step.name}`);
  if (step.kind === "sync") tree.beginSync("/d")();
  try {
    if (step.kind === "rename") tree.rename(`/d/${step.name}`, `/d/${step.to}`);
    if (step.kind === "link") tree.link(`/d/${step.name}`, `/d/${step.to}`);
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ENOENT|EEXIST)$/) });
  }
}

/** Which names stand for which file; files are told apart by their first byte. */
function namesIn(tree: DirectoryTree): string {
  const files = [...tree.files].map(([path, file]) => `${path}=${file.read(0, 1)}`);
  return files.sort().join(" ");
}

function play(tree: DirectoryTree, steps: readonly Step[]): string[] {
  tree.makeDirectory("/d");
  let states = [namesIn(tree)];
  steps.forEach((step, i) => {
    apply(tree, step);
    for (const file of tree.files.values()) if (file.length === 0) file.append(Uint8Array.of(i));
    if (step.kind === "sync") states = [];
    states.push(namesIn(tree));
  });
  return states;
}

test("a crash leaves the names of some moment since the directory's last sync", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.string(), (steps, seed) => {
      const tree = new DirectoryTree();
      const states = play(tree, steps);
      tree.crash(new SimRandom(seed));
      expect(states).toContain(namesIn(tree));
    }),
    { numRuns: 500 },
  );
});

test("over many crashes, of a removal and a creation each may be lost", () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const tree = new DirectoryTree();
    tree.makeDirectory("/d");
    tree.open("/d/old", true);
    tree.beginSync("/d")();
    tree.remove("/d/old");
    tree.open("/d/new", true);
    tree.crash(new SimRandom(String(seed)));
    outcomes.add(tree.list("/d").join());
  }
  expect([...outcomes].sort()).toEqual(["", "new", "old"]);
});

test("a rename across directories is whole: the file has one of its names", () => {
  for (let seed = 0; seed < 50; seed++) {
    const tree = new DirectoryTree();
    tree.makeDirectory("/a");
    tree.makeDirectory("/b");
    tree.open("/a/x", true);
    tree.beginSync("/a")();
    tree.rename("/a/x", "/b/x");
    tree.crash(new SimRandom(String(seed)));
    expect([...tree.list("/a"), ...tree.list("/b")]).toEqual(["x"]);
  }
});

test("what changes after a sync began is not covered by it", () => {
  const outcomes = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const tree = new DirectoryTree();
    tree.makeDirectory("/d");
    tree.open("/d/early", true);
    const finish = tree.beginSync("/d");
    tree.open("/d/late", true);
    finish();
    tree.crash(new SimRandom(String(seed)));
    expect(tree.exists("/d/early")).toBe(true);
    outcomes.add(tree.list("/d").length);
  }
  expect([...outcomes].sort()).toEqual([1, 2]);
});

test("directories survive, and a removed one takes its losses with it", () => {
  for (let seed = 0; seed < 20; seed++) {
    const tree = new DirectoryTree();
    tree.makeDirectory("/a/b/c");
    tree.open("/a/b/c/x", true);
    tree.remove("/a/b/c/x");
    tree.remove("/a/b/c");
    tree.crash(new SimRandom(String(seed)));
    expect(tree.exists("/a/b")).toBe(true);
    expect(tree.list("/a/b/c")).toEqual([]);
    expect(tree.exists("/a/b/c/x")).toBe(false);
  }
});
