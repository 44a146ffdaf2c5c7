/** The steps of a trace as one list, in the order in which they began, with those of other nodes among them. */
import { methodName } from "../../node/cluster/method-name.ts";
import type { RemoteStep, RemoteWork } from "../../node/cluster/trace-message.ts";

export interface TraceStep {
  readonly node: string;
  readonly name: string;
  /** `local`: until the node had done, or asked, all that it could at once. `disk`: until its disk had what was written. */
  readonly step: string;
  /** 0 for what the answering node does; one more for what is done for such a step elsewhere, and so on. */
  readonly depth: number;
  /** Since the command began. Where another node tells it, the way to it is taken to be as long as the way back. */
  readonly startUs: number;
  /** Null if there was no answer yet when the last step had long been over. */
  readonly tookUs: number | null;
  readonly failure: string | null;
}

export function traceSteps(
  work: RemoteWork,
  node: string,
  nameOf: (id: string) => string,
  { depth, startUs }: { readonly depth: number; readonly startUs: number } = { depth: 0, startUs: 0 },
): readonly TraceStep[] {
  const own = { node, name: nameOf(node), depth };
  const local = { ...own, step: "local", startUs, tookUs: work.localUs, failure: null };
  const others = work.steps.flatMap((step) => {
    const shown: TraceStep = {
      ...(step.node === undefined ? own : { node: step.node, name: nameOf(step.node), depth }),
      step: step.kind === "disk" ? "disk" : methodName(step.method ?? 0),
      startUs: startUs + step.startUs,
      tookUs: step.tookUs,
      failure: step.failure ?? null,
    };
    return [shown, ...inside(step, shown, nameOf)];
  });
  return [local, ...others];
}

function inside(
  { work, node }: RemoteStep,
  { depth, startUs, tookUs }: TraceStep,
  nameOf: (id: string) => string,
) {
  if (work === undefined || node === undefined) return [];
  const wayUs = Math.max(0, Math.round(((tookUs ?? work.tookUs) - work.tookUs) / 2));
  return traceSteps(work, node, nameOf, { depth: depth + 1, startUs: startUs + wayUs });
}
