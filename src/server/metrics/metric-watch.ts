/** What metrics need to be looked at once a second, and looks. */
import type { ProgramGauges } from "../../runtime/program-gauges.ts";
import type { Server } from "../server.ts";
import type { MetricSource } from "./metric-source.ts";
import { RequestTimes } from "./request-times.ts";
import { Sampler } from "./sampler.ts";

export class MetricWatch implements MetricSource {
  readonly server: Server;
  readonly times: RequestTimes;
  readonly sampler: Sampler;
  readonly gauges: ProgramGauges | undefined;

  constructor(server: Server, gauges: ProgramGauges | undefined) {
    this.server = server;
    this.gauges = gauges;
    this.times = new RequestTimes(server);
    this.sampler = new Sampler(server, this.times, gauges);
  }

  /** Needs to be called every `SAMPLE_MS`. */
  look(): void {
    this.times.look();
    this.sampler.look();
  }
}
