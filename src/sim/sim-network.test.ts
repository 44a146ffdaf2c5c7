import { testNetwork } from "../runtime/network.contract.ts";
import { SimWorld } from "./sim-runtime.ts";

for (const seed of [1, 2, 3]) {
  testNetwork(`sim network, seed ${seed}`, (body) => {
    const world = new SimWorld(seed);
    const { network } = world.runtime("a");
    return world.runUntil(body(network, "a"));
  });
}
