/** What a node has asked before an exchange, so that both may agree afterwards on what they have seen: see Collector. */
import type { LifeMoment } from "../../anti-entropy/agreement-message.ts";
import type { VersionVector } from "../../causality/version-vector.ts";
import type { NodeId } from "../../ring/ring-member.ts";

export interface BegunAgreement {
  readonly id: NodeId;
  readonly epoch: number;
  readonly sinceMs: number;
  readonly seen: readonly VersionVector[];
  readonly moment: LifeMoment;
}
