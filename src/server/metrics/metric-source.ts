/** What metrics are got from. */
import type { ProgramGauges } from "../../runtime/program-gauges.ts";
import type { Server } from "../server.ts";
import type { RequestTimes } from "./request-times.ts";
import type { Sampler } from "./sampler.ts";

export interface MetricSource {
  readonly server: Server;
  readonly times: RequestTimes;
  readonly sampler: Sampler;
  /** Undefined where nobody can tell. */
  readonly gauges: ProgramGauges | undefined;
}
