/** A moment of a store that is kept until it is closed. */
import { AbstractSnapshot } from "abstract-level";
import type { Moment } from "../storage/lsm/engine/moment.ts";

export class StoreSnapshot extends AbstractSnapshot {
  readonly moment: Moment;

  /** `options` are those of AbstractLevel, which name the owner. */
  constructor(options: object, moment: Moment) {
    super(...([options] as unknown as [])); // its types do not tell that it takes them
    this.moment = moment;
  }

  async _close(): Promise<void> {
    this.moment.close();
  }
}
