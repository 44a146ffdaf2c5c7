import { expect, test } from "vitest";
import type { SlotSpan } from "../../anti-entropy/exchange.ts";
import { StoreError } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import type { Topology } from "../../membership/topology.ts";
import {
  addMember,
  beginJoin,
  finishVoters,
  foundTopologyOf,
  type Newcomer,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { Intake } from "./intake.ts";

const node = (id: string): Newcomer => ({ id, datacenter: "d", rack: id, machine: id, weight: 1 });

function changed(change: TopologyChange): Topology {
  if (change.kind === "refused") throw new Error(change.reason);
  return change.topology;
}

const three = changed(foundTopologyOf("c", [..."abc"].map(node)));
const joining = changed(beginJoin(changed(finishVoters(changed(addMember(three, node("n"))))), "n"));

/** A newcomer that fetches from a, b and c, of whom those in `failing` fail at once; what it has asked for, and when. */
function newcomer(failing: ReadonlySet<NodeId>) {
  const world = new SimWorld(1);
  const { clock } = world.runtime("n");
  const asked: { from: NodeId; atMs: number; spans: readonly SlotSpan[] }[] = [];
  const startMs = clock.monotonicMs();
  const intake = new Intake({
    clock,
    view: { self: node("n"), topology: joining, isUp: () => true },
    isSeen: () => true,
    obtain: (from, spans) => {
      asked.push({ from, atMs: clock.monotonicMs() - startMs, spans });
      const fail = (): never => {
        throw new StoreError("OVERLOADED", "not-applied", "not now");
      };
      const end = clock.sleep(10).then(() => (failing.has(from) ? fail() : undefined));
      return { progress: 0, outcome: { pulled: 1, bytesSent: 1, bytesReceived: 1 }, end };
    },
    logger: silentLogger,
  });
  intake.onTick();
  return { world, intake, asked };
}

const timesOf = (asked: readonly { from: NodeId; atMs: number }[], id: NodeId): number[] =>
  asked.filter(({ from }) => from === id).map(({ atMs }) => atMs);

test("who has failed is passed over for five seconds while others have what is missing; then it is asked again", async () => {
  const failing = new Set(["a"]);
  const { world, intake, asked } = newcomer(failing);
  await world.runFor(4_000);
  const [first, second] = asked;
  expect(first!.from).toBe("a");
  expect(second!.from).not.toBe("a");
  const others = asked.filter(({ from }) => from !== "a");
  const slots = new Set(
    others.flatMap(({ from, spans }) => spans.map(({ first: slot }) => `${from} ${slot}`)),
  );
  expect(slots.size).toBeGreaterThan(20); // all that b and c have has come from them meanwhile
  const before = timesOf(asked, "b").concat(timesOf(asked, "c"));
  expect(Math.max(...before)).toBeLessThan(4_000);
  failing.clear();
  await world.runFor(30_000);
  expect(intake.report.isFilled).toBe(true);
  expect(intake.report.missed).toEqual([]);
  await world.runUntil(intake.close());
});

test("nobody else has what is missing: who has failed is asked again and again, with pauses", async () => {
  const { world, intake, asked } = newcomer(new Set(["a", "b", "c"]));
  await world.runFor(20_000);
  for (const id of "abc") expect(timesOf(asked, id).length).toBeGreaterThan(0);
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.length).toBeLessThan(60);
  expect(intake.report.isFilled).toBe(false);
  await world.runUntil(intake.close());
});
