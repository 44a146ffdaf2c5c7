/** Keyspaces by whose settings rows come and go as each replica likes: no bound of what a replica has seen speaks of their rows. */
import type { Topology } from "../../membership/topology.ts";
import { mayEvict } from "../../storage/divided/annex.ts";
import { annexOf } from "../annex-keeper.ts";

export class CacheNames {
  #names: ReadonlySet<string>;

  constructor(topology: Topology) {
    this.#names = cachesOf(topology);
  }

  /** True if one of them is none any more: what it has evicted another replica may have, and that lasts from now on. */
  renew(topology: Topology): boolean {
    const before = this.#names;
    this.#names = cachesOf(topology);
    return [...before].some((name) => !this.#names.has(name));
  }
}

function cachesOf({ keyspaces }: Topology): ReadonlySet<string> {
  return new Set(keyspaces.flatMap(annexOf).flatMap((annex) => (mayEvict(annex) ? [annex.name] : [])));
}
