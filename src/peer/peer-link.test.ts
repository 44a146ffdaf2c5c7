import { SimWorld } from "../sim/sim-runtime.ts";
import { testPeerLink } from "./peer-link.contract.ts";

for (const seed of [1, 2, 3]) {
  testPeerLink(`sim network, seed ${seed}`, (body) => {
    const world = new SimWorld(seed);
    return world.runUntil(body(world.runtime("a"), world.runtime("b"), "b"));
  });
}
