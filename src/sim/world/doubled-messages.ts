/**
 * What nodes tell each other comes twice now and then, the second time up to seconds late: as from a network that repeats packets,
 * if connections did not keep that from nodes. All that replicas, gossip, moves and the plan's register say must bear it; what
 * clients have asked for is passed on once (ADR 11), and not doubled here.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { PeerDoor } from "../../node/cluster/peer-door.ts";
import type { PayloadWriter } from "../../peer/frame-writer.ts";
import { ATTEMPT_METHOD } from "../../replication/attempt-message.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import type { Runtime } from "../../runtime/runtime.ts";

const ONE_IN = 4;
const LATE_MS_MAX = 3_000;
const ONCE: ReadonlySet<number> = new Set([...Object.values(DOOR_METHOD), ATTEMPT_METHOD]);

/** For as long as the node lives. */
export function doubleMessages(
  door: Pick<PeerDoor, "onRequest" | "onMessage">,
  { clock, random }: Pick<Runtime, "clock" | "random">,
): void {
  const onRequest = door.onRequest.bind(door);
  const onMessage = door.onMessage.bind(door);
  const again = async (method: number, payload: ByteRange, come: (copy: ByteRange) => unknown) => {
    if (ONCE.has(method) || random.below(ONE_IN) > 0) return;
    const bytes = payload.bytes.slice(payload.start, payload.end);
    await clock.sleep(random.below(LATE_MS_MAX));
    try {
      await come({ bytes, start: 0, end: bytes.length });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause; // it may be refused, as anything that is late
    }
  };
  door.onRequest = (from, method, payload, reply) => {
    void again(method, payload, (copy) => onRequest(from, method, copy, NOBODY));
    return onRequest(from, method, payload, reply);
  };
  door.onMessage = (from, method, payload) => {
    void again(method, payload, (copy) => onMessage(from, method, copy));
    onMessage(from, method, payload);
  };
}

/** Who has asked has been answered already. */
const nothing = (): void => undefined;
const NOBODY: PayloadWriter = {
  uint8: nothing,
  uint16: nothing,
  uint32: nothing,
  uint64: nothing,
  float64: nothing,
  bytes: nothing,
  range: nothing,
};
