/**
 * What hints of a node that has left, or was replaced, become: they go to all who keep the rows now. The node will not come
 * back for them; and while anybody keeps any, nothing that was deleted is forgotten (ADR 14).
 */
import { StoreError } from "../../base/errors.ts";
import { memberOf } from "../../membership/topology.ts";
import type { Coordinator } from "../../replication/coordinator.ts";
import type { Heirs } from "../../replication/hints/hint-courier.ts";
import type { KeyRef } from "../../replication/step.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { slotOf } from "../../ring/slot.ts";
import type { ClusterView } from "./cluster-view.ts";

export class HintHeirs implements Heirs {
  readonly #view: ClusterView;
  readonly #coordinator: Pick<Coordinator, "bringToAll">;

  constructor(view: ClusterView, coordinator: Pick<Coordinator, "bringToAll">) {
    this.#view = view;
    this.#coordinator = coordinator;
  }

  hasLeft(id: NodeId): boolean {
    return memberOf(this.#view.topology, id) === undefined;
  }

  async give(ref: KeyRef, cell: Uint8Array): Promise<void> {
    const away = this.#view.replicasOf(slotOf(ref.key)).find(({ id }) => !this.#view.isUp(id));
    // Asked nevertheless, it would be given a hint of its own, again and again.
    if (away !== undefined) throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", `${away.id} is down`);
    await this.#coordinator.bringToAll(ref, cell);
  }
}
