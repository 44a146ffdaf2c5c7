/** Asks other members how they are, and answers them: at most once a second, and only while somebody reads it. */
import { StoreError } from "../../base/errors.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import {
  checkReportRequest,
  decodeReport,
  encodeReport,
  encodeReportRequest,
  type NodeReport,
  REPORT_METHOD,
} from "./node-report.ts";
import type { ServedCluster } from "./served-cluster.ts";

const FRESH_MS = 900;
/** Who takes longer is not waited for. */
const TIMEOUT_MS = 300;

export class NodeReports {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #cluster: ServedCluster;
  readonly #reports = new Map<NodeId, NodeReport>();
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<unknown> = Promise.resolve();

  /** `own`: what this node tells of itself. */
  constructor(cluster: ServedCluster, clock: Pick<Clock, "monotonicMs">, own: () => NodeReport) {
    this.#clock = clock;
    this.#cluster = cluster;
    cluster.serve([REPORT_METHOD], (_, request) => {
      checkReportRequest(request);
      return encodeReport(own());
    });
  }

  /** Of the others that are up, as far as they have answered. */
  async latest(): Promise<ReadonlyMap<NodeId, NodeReport>> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedMs >= FRESH_MS) {
      this.#askedMs = nowMs;
      const others = this.#cluster.members().filter(({ isSelf }) => !isSelf);
      this.#asking = Promise.all(others.map(({ id, isUp }) => this.#ask(id, isUp)));
    }
    await this.#asking;
    return this.#reports;
  }

  /** One that does not answer, or is of a version that has no reports, has none. */
  async #ask(id: NodeId, isUp: boolean): Promise<void> {
    this.#reports.delete(id);
    if (!isUp) return;
    try {
      const options = { timeoutMs: TIMEOUT_MS };
      const answer = await this.#cluster.calls.call(id, REPORT_METHOD, encodeReportRequest(), options);
      this.#reports.set(id, decodeReport(answer));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
    }
  }
}
