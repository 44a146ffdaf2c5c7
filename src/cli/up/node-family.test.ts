import { expect, test } from "vitest";
import type { ProgramEnd } from "../../runtime/nodejs/spawned-program.ts";
import { settle } from "../../sim/settle.ts";
import { NodeFamily } from "./node-family.ts";
import { type PlannedNode, planNodes } from "./up-plan.ts";

interface Fake {
  readonly node: PlannedNode;
  readonly signals: string[];
  becomeReady(): void;
  end(end: ProgramEnd): void;
}

function later<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

function familyOfThree() {
  const nodes = planNodes({
    ...{ host: "127.0.0.1", ports: [1, 2, 3], dataDirectory: "d" },
    ...{ flags: new Map<string, string>(), switches: new Set<string>() },
  });
  const started: Fake[] = [];
  const told: string[] = [];
  const family = new NodeFamily(
    nodes,
    (node) => {
      const ready = later<void>();
      const ended = later<ProgramEnd>();
      const signals: string[] = [];
      started.push({ node, signals, becomeReady: ready.resolve, end: ended.resolve });
      return {
        ...{ processId: started.length, ready: ready.promise, ended: ended.promise },
        signal: (signal) => void signals.push(signal),
      };
    },
    {
      onReady: ({ name }) => void told.push(`${name} ready`),
      onDeath: ({ name }, { signal }, wasReady) =>
        void told.push(`${name} dead by ${signal}, ready ${wasReady}`),
    },
  );
  family.startMissing();
  return { family, started, told };
}

const KILLED: ProgramEnd = { exitCode: undefined, signal: "SIGKILL" };
const STOPPED: ProgramEnd = { exitCode: 0, signal: undefined };

test("all are ready once each is", async () => {
  const { family, started, told } = familyOfThree();
  let isReady = false;
  const ready = family.allReady().then((all) => {
    isReady = all;
  });
  for (const fake of started.slice(1)) fake.becomeReady();
  await settle();
  expect(isReady).toBe(false);
  expect(family.notReady.map(({ name }) => name)).toEqual(["node-1"]);
  started[0]!.becomeReady();
  await ready;
  expect(isReady).toBe(true);
  expect(told).toEqual(["node-2 ready", "node-3 ready", "node-1 ready"]);
});

test("one that dies before it is ready is told of, and ends the wait", async () => {
  const { family, started, told } = familyOfThree();
  const ready = family.allReady();
  started[1]!.end(KILLED);
  expect(await ready).toBe(false);
  expect(told).toEqual(["node-2 dead by SIGKILL, ready false"]);
});

test("one that dies later is told of, and started again only when asked for", async () => {
  const { family, started, told } = familyOfThree();
  for (const fake of started) fake.becomeReady();
  await family.allReady();
  started[2]!.end(KILLED);
  await settle();
  expect(told.at(-1)).toBe("node-3 dead by SIGKILL, ready true");
  expect(started).toHaveLength(3);
  family.startMissing();
  expect(started.map(({ node }) => node.name)).toEqual(["node-1", "node-2", "node-3", "node-3"]);
  started[3]!.becomeReady();
  await settle();
  expect(told.at(-1)).toBe("node-3 ready");
  expect([...family.processIds.values()]).toEqual([1, 2, 4]);
});

test("stopping signals all that run, tells of no deaths, and says whether all went well", async () => {
  const { family, started, told } = familyOfThree();
  for (const fake of started) fake.becomeReady();
  await family.allReady();
  told.length = 0;
  const stopped = family.stop("SIGTERM");
  expect(started.map(({ signals }) => signals)).toEqual([["SIGTERM"], ["SIGTERM"], ["SIGTERM"]]);
  for (const fake of started) fake.end(STOPPED);
  expect(await stopped).toBe(true);
  await family.allGone();
  expect(told).toEqual([]);
});

test("all are gone when the last has died", async () => {
  const { family, started } = familyOfThree();
  let isGone = false;
  const gone = family.allGone().then(() => {
    isGone = true;
  });
  for (const fake of started.slice(1)) fake.end(KILLED);
  await settle();
  expect(isGone).toBe(false);
  started[0]!.end(KILLED);
  await gone;
});
