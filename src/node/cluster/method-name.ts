/** What requests between nodes are called where people read of them. */
import { ATTEMPT_METHOD } from "../../replication/attempt-message.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import { REPLICA_METHOD } from "../../replication/replica-message.ts";

const NAMES: ReadonlyMap<number, string> = new Map([
  [REPLICA_METHOD.writeCell, "write to a replica"],
  [REPLICA_METHOD.readCell, "read from a replica"],
  [REPLICA_METHOD.readDigest, "compare with a replica"],
  [REPLICA_METHOD.readHint, "ask for hints"],
  [REPLICA_METHOD.relayCell, "write to another datacenter"],
  [DOOR_METHOD.forward, "forward"],
  [DOOR_METHOD.applyChange, "forward"],
  [ATTEMPT_METHOD, "forward"],
]);

export function methodName(method: number): string {
  return NAMES.get(method) ?? `method ${method}`;
}
