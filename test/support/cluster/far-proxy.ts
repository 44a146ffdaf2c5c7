/**
 * Doors in front of nodes' peer ports, through which bytes from another datacenter pass late, or not at all. Who comes from where
 * its first bytes tell: the hello of the peers' handshake names its node (docs/formats/peer-protocol.md).
 */
import { MAGIC } from "../../../src/peer/handshake-message.ts";
import { createNodejsClock } from "../../../src/runtime/nodejs/clock.ts";
import { createNodejsNetwork } from "../../../src/runtime/nodejs/network.ts";
import type { Connection, Listener } from "../../../src/runtime/runtime.ts";

/** Between the magic and the id of a hello: two versions. */
const ID_AT = MAGIC.length + 4;
const ID_BYTES = 8;
const CONNECT_MS = 2_000;

export class FarProxies {
  /** One way, once it is set. */
  farMs = 0;
  /** That have passed from one datacenter to another, both ways. */
  crossedBytes = 0;
  /** By id of the node; who is not named is near everybody. */
  datacenters: ReadonlyMap<string, string> = new Map();
  readonly #network = createNodejsNetwork();
  readonly #clock = createNodejsClock();
  readonly #listeners: Listener[] = [];
  readonly #pairs = new Set<Pair>();
  #isSevered = false;

  /** Resolves to the port of the door. `datacenter`: where the node behind it is. */
  async put(peerPort: number, datacenter: string): Promise<number> {
    const listener = await this.#network.listen({ host: "127.0.0.1", port: 0 }, (near) => {
      void this.#join(near, peerPort, datacenter);
    });
    this.#listeners.push(listener);
    return listener.port;
  }

  /** Connections between datacenters break, and cannot be made. */
  sever(): void {
    this.#isSevered = true;
    for (const pair of this.#pairs) if (this.#isFar(pair)) pair.close();
  }

  heal(): void {
    this.#isSevered = false;
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) await listener.close();
    for (const pair of this.#pairs) pair.close();
  }

  async #join(near: Connection, peerPort: number, datacenter: string): Promise<void> {
    const far = await this.#network
      .connect({ host: "127.0.0.1", port: peerPort, timeoutMs: CONNECT_MS })
      .catch(() => undefined);
    if (far === undefined) {
      near.destroy();
      return;
    }
    const pair: Pair = {
      from: undefined,
      to: datacenter,
      close: () => {
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      },
    };
    this.#pairs.add(pair);
    const pass = (to: Connection) => (bytes: Uint8Array, length: number) => {
      const own = bytes.slice(0, length);
      if (to === far) pair.from ??= senderOf(own);
      this.#pass(pair, to, own);
    };
    const rest = { onDrain: () => undefined, onEnd: pair.close, onClose: pair.close };
    near.start({ onBytes: pass(far), ...rest });
    far.start({ onBytes: pass(near), ...rest });
  }

  #pass(pair: Pair, to: Connection, bytes: Uint8Array): void {
    if (!this.#isFar(pair)) {
      to.write(bytes);
      return;
    }
    if (this.#isSevered) {
      pair.close();
      return;
    }
    this.crossedBytes += bytes.length;
    // Sleeps of one length end in the order in which they began.
    void this.#clock.sleep(this.farMs).then(() => to.write(bytes));
  }

  #isFar({ from, to }: Pair): boolean {
    const datacenter = from === undefined ? undefined : this.datacenters.get(from);
    return datacenter !== undefined && datacenter !== to;
  }
}

interface Pair {
  /** The id of the node that has connected. */
  from: string | undefined;
  readonly to: string;
  close(): void;
}

/** Requires: they begin with the whole head of a hello, as what is written at once does. */
function senderOf(bytes: Uint8Array): string {
  const at = Buffer.from(bytes).indexOf(MAGIC) + ID_AT;
  return Buffer.from(bytes.subarray(at, at + ID_BYTES)).toString("hex");
}
