/** Delivers the hints of one node's store: a courier for each node that hints wait for. */
import type { NodeId } from "../../ring/ring-member.ts";
import { DEFAULT_PACE } from "./delivery-pace.ts";
import { type CourierParts, type DeliverySettings, HintCourier } from "./hint-courier.ts";
import type { HintLog } from "./hint-log.ts";

export const DEFAULT_DELIVERY: DeliverySettings = {
  timeoutMs: 2_000,
  batchBytesMax: 256 * 1024,
  refusalsMax: 20,
  pace: DEFAULT_PACE,
};

export class HintDelivery {
  readonly #parts: CourierParts;
  readonly #couriers = new Map<NodeId, { readonly log: HintLog; readonly courier: HintCourier }>();

  /** Needs `onTick` about every ten milliseconds while it is not idle, and some times a second else. */
  constructor(parts: Omit<CourierParts, "settings"> & { readonly settings?: DeliverySettings }) {
    this.#parts = { settings: DEFAULT_DELIVERY, ...parts };
  }

  /** No hint waits for anybody who is up: there is nothing to be done but to drop what is overdue. */
  get isIdle(): boolean {
    const { store, cluster } = this.#parts;
    for (const target of store.logs.keys()) if (cluster.isUp(target)) return false;
    return true;
  }

  onTick(nowMs: number): void {
    const { logs } = this.#parts.store;
    for (const target of this.#couriers.keys()) if (!logs.has(target)) this.#couriers.delete(target);
    for (const [target, log] of logs) {
      const present = this.#couriers.get(target);
      if (present?.log === log) present.courier.onTick(nowMs);
      else this.#couriers.set(target, { log, courier: new HintCourier(log, this.#parts) });
    }
  }
}
