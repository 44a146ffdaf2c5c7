import { expect, test } from "vitest";
import { testHost } from "../runtime/host.contract.ts";
import { SimWorld } from "./sim-runtime.ts";

testHost("sim host", () => new SimWorld(1).runtime("a").host);

test("hosts are machines of their own unless told otherwise; a new life has a new process id", () => {
  const world = new SimWorld(1);
  const first = world.runtime("a").host;
  expect(world.runtime("b").host.machineId).not.toBe(first.machineId);
  expect(world.runtime("c", { machineId: "a" }).host.machineId).toBe(first.machineId);
  world.kill("a");
  expect(world.runtime("a").host.machineId).toBe(first.machineId);
  expect(world.runtime("a").host.processId).not.toBe(first.processId);
});
