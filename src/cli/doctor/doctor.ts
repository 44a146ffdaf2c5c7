/**
 * `kvorum doctor`: looks at every node of a cluster, at their clocks, disks, limits and settings and at how they see each
 * other, and says what to do.
 *
 *   exit code   0 nothing is bad; 1 nobody has answered; 3 something is to be mended
 */

import { askStatus } from "../cluster/cluster-view.ts";
import { type AskedNode, NoAnswer } from "../node-question.ts";
import { inTime, type NodeReading, type ReadingRuntime, readCluster } from "../nodes/node-reading.ts";
import { checkCluster, type Views } from "./cluster-checks.ts";
import { doctorReport } from "./doctor-report.ts";
import type { Finding } from "./finding.ts";
import { checkNode } from "./node-checks.ts";

export interface DoctorOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
  /** Whether colours are welcome. */
  readonly isColoured: boolean;
}

const UNHEALTHY = 3;

/** Resolves to the exit code. */
export async function doctor(
  runtime: ReadingRuntime,
  { node, json }: { readonly node: AskedNode; readonly json: boolean },
  output: DoctorOutput,
): Promise<number> {
  try {
    const reading = await readCluster(runtime, node);
    const views = await viewsOf(runtime, node, reading.nodes);
    const findings: readonly Finding[] = [
      ...checkCluster(reading, views),
      ...reading.nodes.flatMap(checkNode),
    ];
    output.writeOutput(json ? `${JSON.stringify(findings)}\n` : doctorReport(findings, output.isColoured));
    return findings.some(({ severity }) => severity === "bad") ? UNHEALTHY : 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: nobody to look at${cause.message}\n`);
    return 1;
  }
}

/** What each of those that have answered sees. */
async function viewsOf(
  runtime: ReadingRuntime,
  { password }: AskedNode,
  nodes: readonly NodeReading[],
): Promise<Views> {
  const views = await Promise.all(
    nodes.map(async ({ member: { id, host, port }, problem }) => {
      if (problem !== undefined || host === null || port === null) return [];
      const view = await inTime(runtime, (expiry) =>
        askStatus(runtime.network, { host, port, password }, expiry),
      ).catch((cause: unknown) => {
        if (!(cause instanceof NoAnswer)) throw cause;
        return undefined; // it has gone since
      });
      return view === undefined ? [] : [[id, view] as const];
    }),
  );
  return new Map(views.flat());
}
