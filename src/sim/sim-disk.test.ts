import { testDisk } from "../runtime/disk.contract.ts";
import { SimWorld } from "./sim-runtime.ts";

testDisk("sim disk", (body) => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  return world.runUntil(disk.makeDirectory("/data").then(() => body(disk, "/data")));
});
