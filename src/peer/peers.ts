/** All the links of one node, by the id of who is at the other end. One tick drives them all. */
import { assert } from "../base/assert.ts";
import { StallWatch } from "../base/stall-watch.ts";
import type { Cancel } from "../runtime/runtime.ts";
import type { LinkParts } from "./peer-dialer.ts";
import type { PeerAddress, PeerId } from "./peer-identity.ts";
import { PeerLink } from "./peer-link.ts";

/** Links look whether something is too old, silent or due: nothing that would be felt within so long. */
const TICK_MS = 40;

export class Peers {
  readonly #parts: LinkParts;
  readonly #links = new Map<PeerId, PeerLink>();
  readonly #strangers = new Set<PeerLink>();
  readonly #stalls = new StallWatch();
  #cancelTick: Cancel | undefined;
  #isClosed = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** The link to that node, made if there is none; it refuses requests until its address is known. */
  link(id: PeerId): PeerLink {
    const present = this.#links.get(id);
    if (present !== undefined) return present;
    assert(id !== this.#parts.settings.self.id, "a node needs no link to itself");
    const link = this.#create(id);
    this.#links.set(id, link);
    return link;
  }

  /**
   * A link to whoever lives at the address: `peer` tells once it is connected. For the first contact with a cluster;
   * the caller closes it with `release`.
   */
  stranger(address: PeerAddress): PeerLink {
    const link = this.#create(undefined);
    this.#strangers.add(link);
    link.setAddress(address);
    return link;
  }

  release(stranger: PeerLink): void {
    this.#strangers.delete(stranger);
    stranger.close();
  }

  /** Where to find each node from now on; nothing is forgotten about nodes that are not named. */
  setAddresses(addresses: Iterable<readonly [PeerId, PeerAddress]>): void {
    for (const [id, address] of addresses) {
      if (id !== this.#parts.settings.self.id) this.link(id).setAddress(address);
    }
  }

  /** Closes the link to a node that has left. */
  forget(id: PeerId): void {
    this.#links.get(id)?.close();
    this.#links.delete(id);
  }

  /** For metrics. */
  links(): ReadonlyMap<PeerId, PeerLink> {
    return this.#links;
  }

  /** Ends every link, for good. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    for (const link of [...this.#links.values(), ...this.#strangers]) link.close();
  }

  #create(id: PeerId | undefined): PeerLink {
    const link = new PeerLink(id, this.#parts);
    if (this.#isClosed) link.close();
    else this.#cancelTick ??= this.#parts.runtime.clock.every(TICK_MS, () => this.#tick());
    return link;
  }

  #tick(): void {
    const nowMs = this.#parts.runtime.clock.monotonicMs();
    if (this.#stalls.onTick(nowMs)) return;
    for (const link of this.#links.values()) link.onTick(nowMs);
    for (const link of this.#strangers) link.onTick(nowMs);
  }
}
