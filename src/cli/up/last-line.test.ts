import { expect, test } from "vitest";
import { utf8 } from "../../base/bytes.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { lastLineOf } from "./last-line.ts";

async function lastOf(text: string): Promise<string | undefined> {
  const world = new SimWorld("last line");
  const { disk } = world.runtime("a");
  const write = async (): Promise<string | undefined> => {
    const file = await disk.open("log");
    await file.append(utf8(text));
    await file.close();
    return lastLineOf(disk, "log");
  };
  return world.runUntil(write());
}

test("of what is meant for people, without the program's name", async () => {
  expect(await lastOf('{"level":"info","msg":"one"}\nkvorum: the disk is full\n')).toBe("the disk is full");
});

test("of the log, its message and the reason", async () => {
  expect(await lastOf('{"level":"info","msg":"stopped"}\n')).toBe("stopped");
  expect(await lastOf('{"msg":"a bug stopped this node","error":{"message":"assertion failed"}}\n')).toBe(
    "a bug stopped this node: assertion failed",
  );
  expect(await lastOf('{"msg":"not a member yet","reason":"waiting for node-3"}\n')).toBe(
    "not a member yet: waiting for node-3",
  );
  expect(await lastOf('x\n{"msg":"cut sho')).toBe('{"msg":"cut sho');
});

test("of a long file, only its end is read; of none or an empty one there is no last line", async () => {
  expect(await lastOf(`${"x".repeat(100_000)}\nlast\n`)).toBe("last");
  expect(await lastOf("\n")).toBeUndefined();
  const world = new SimWorld("none");
  expect(await world.runUntil(lastLineOf(world.runtime("a").disk, "log"))).toBeUndefined();
});
