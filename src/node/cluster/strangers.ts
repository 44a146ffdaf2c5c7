/** Asks who lives at addresses, before or without knowing ids. */
import { StoreError } from "../../base/errors.ts";
import type { Heard } from "../../membership/entry.ts";
import { decodeGreeting, encodeGreeting, type Greeting } from "../../membership/greeting.ts";
import type { PeerAddress } from "../../peer/peer-identity.ts";
import type { PeerLink } from "../../peer/peer-link.ts";
import type { Peers } from "../../peer/peers.ts";
import { formatAddress } from "./address.ts";

export const GREET_METHOD = 33;
const TIMEOUT_MS = 1_000;

export class Strangers {
  readonly #peers: Peers;
  readonly #links: ReadonlyMap<string, PeerLink>;

  constructor(peers: Peers, addresses: readonly PeerAddress[]) {
    this.#peers = peers;
    this.#links = new Map(addresses.map((address) => [formatAddress(address), peers.stranger(address)]));
  }

  /** What each of them says, within a second or so. */
  async greet(own: Greeting): Promise<ReadonlyMap<string, Heard>> {
    const payload = encodeGreeting(own);
    const asked = [...this.#links].map(
      async ([address, link]): Promise<readonly [string, Heard]> => [address, await hear(link, payload)],
    );
    return new Map(await Promise.all(asked));
  }

  /** Rejects with StoreError. Requires: `address` is one of theirs. */
  call(address: string, method: number, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.#links.get(address)!.call(method, payload, { timeoutMs });
  }

  close(): void {
    for (const link of this.#links.values()) this.#peers.release(link);
  }
}

async function hear(link: PeerLink, payload: Uint8Array): Promise<Heard> {
  try {
    const answer = await link.call(GREET_METHOD, payload, { timeoutMs: TIMEOUT_MS });
    return { kind: "greeting", greeting: decodeGreeting(answer) };
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    return link.isItself ? { kind: "itself" } : { kind: "nobody", reason: reasonOf(cause) };
  }
}

/** Without what the sentence around it says already. */
function reasonOf({ message, cause }: StoreError): string {
  return cause instanceof Error ? cause.message : message;
}
