/** Answers what other replicas ask of this node to agree with it on what both have seen. */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import {
  AGREEMENT_METHOD,
  type Agree,
  decodeAgree,
  decodeDropRows,
  decodeEpoch,
  encodeDone,
  encodeLife,
  encodeState,
  type GoneRow,
  type LifeMoment,
  type MemberState,
} from "./agreement-message.ts";

export interface AgreementDoorParts {
  /** Each throws StoreError, not applied, if this node does not go by that epoch or takes no part. */
  readonly lifeFor: (id: string, epoch: number) => LifeMoment;
  /** Resolves to whether this node has done so, durably. */
  readonly agree: (id: string, agreed: Agree) => Promise<boolean>;
  /** Resolves to how many are gone. */
  readonly drop: (id: string, epoch: number, rows: readonly GoneRow[]) => Promise<number>;
  readonly state: (epoch: number) => MemberState;
}

export class AgreementDoor {
  readonly #parts: AgreementDoorParts;

  constructor(parts: AgreementDoorParts) {
    this.#parts = parts;
  }

  /** The answer's payload. Rejects with StoreError. `payload` may be reused once it has returned. */
  async onRequest(method: number, { bytes, start, end }: ByteRange, from: string): Promise<Uint8Array> {
    const payload = bytes.slice(start, end);
    switch (method) {
      case AGREEMENT_METHOD.tellLife:
        return encodeLife(this.#parts.lifeFor(from, decodeEpoch(payload)));
      case AGREEMENT_METHOD.agree:
        return encodeDone((await this.#parts.agree(from, decodeAgree(payload))) ? 1 : 0);
      case AGREEMENT_METHOD.dropRows: {
        const { epoch, rows } = decodeDropRows(payload);
        return encodeDone(await this.#parts.drop(from, epoch, rows));
      }
      case AGREEMENT_METHOD.tellState:
        return encodeState(this.#parts.state(decodeEpoch(payload)));
      default:
        throw new StoreError("INVALID_REQUEST", "not-applied", `agreements have no method ${method}`);
    }
  }
}
