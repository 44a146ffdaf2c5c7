/** For whom a call has waited, as the slow log tells it. Looked at only once it was slow. */
import { slotOf } from "../ring/slot.ts";
import type { ClusterDoor } from "./cluster/cluster-door.ts";
import type { Call } from "./command-table.ts";
import { keyRefsOf } from "./key-refs.ts";
import type { WaitPhase } from "./slow-log.ts";

/** `call`: undefined of one that a fast path has taken, which passes nothing on. */
export function waitPhase(
  door: Pick<ClusterDoor, "keys"> | undefined,
  call?: Call<never>,
  database = 0,
): WaitPhase {
  if (door === undefined) return "disk";
  if (call === undefined || !call.entry.command.flags.includes("write")) return "quorum";
  const [ref] = keyRefsOf(call.entry.command, call.args, database);
  return ref === undefined || door.keys.keepsSlot(slotOf(ref.key)) ? "quorum" : "forward";
}
