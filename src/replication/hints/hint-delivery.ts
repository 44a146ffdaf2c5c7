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

  /** Needs `onTick` about every ten milliseconds while it is not idle. */
  constructor(parts: Omit<CourierParts, "settings"> & { readonly settings?: DeliverySettings }) {
    this.#parts = { settings: DEFAULT_DELIVERY, ...parts };
  }

  /** No hint waits for anybody. */
  get isIdle(): boolean {
    return this.#parts.store.logs.size === 0 && this.#couriers.size === 0;
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
