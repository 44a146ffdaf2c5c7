/** Needs and trackers against a naive model that counts sets. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../base/errors.ts";
import {
  type ConsistencyLevel,
  missingMachines,
  type Participant,
  parseConsistency,
  type QuorumNeed,
  quorumNeed,
} from "./quorum-need.ts";
import { ReadQuorum } from "./read-quorum.ts";
import { WriteQuorum, type WriteSide } from "./write-quorum.ts";

/** Machines m0..m5 of two racks and two datacenters, with more nodes than machines. */
const anyMembers = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 8 })
  .map((places) =>
    places.map(([machine, isFallback], i): Participant & { isFallback: boolean } => ({
      id: `n${i}`,
      machine: `m${machine}`,
      rack: `r${machine % 4}`,
      datacenter: machine % 2 === 0 ? "ams" : "ber",
      isFallback: isFallback && i > 0,
    })),
  );
const anyExcuses = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
const anyLevel: fc.Arbitrary<ConsistencyLevel> = fc.oneof(
  fc.constantFrom("one" as const, "quorum" as const, "all" as const),
  fc.constantFrom("local_quorum" as const, "each_quorum" as const),
  fc.integer({ min: 0, max: 7 }),
);

function machinesIn(members: readonly Participant[], datacenter?: string): Set<string> {
  const here = members.filter((member) => datacenter === undefined || member.datacenter === datacenter);
  return new Set(here.map(({ machine }) => machine));
}

/** Straight from the words' meanings. Undefined: can never be. */
function naiveIsMet(
  level: ConsistencyLevel,
  replicas: readonly Participant[],
  answered: readonly Participant[],
): boolean | undefined {
  const isMajority = (datacenter?: string): boolean =>
    2 * machinesIn(answered, datacenter).size > machinesIn(replicas, datacenter).size;
  const all = machinesIn(replicas).size;
  const got = machinesIn(answered).size;
  switch (level) {
    case "one":
      return got >= 1;
    case "all":
      return got >= all;
    case "quorum":
      return isMajority();
    case "local_quorum":
      return machinesIn(replicas, "ams").size === 0 ? undefined : isMajority("ams");
    case "each_quorum":
      return ["ams", "ber"].every((name) => machinesIn(replicas, name).size === 0 || isMajority(name));
    default:
      return level < 1 || level > all ? undefined : got >= level;
  }
}

function needOf(level: ConsistencyLevel, replicas: readonly Participant[]): QuorumNeed | undefined {
  const result = quorumNeed(level, replicas, "ams");
  return result.kind === "need" ? result.need : undefined;
}

test("a need is met exactly when the word says so, and refused exactly when it never can be", () => {
  fc.assert(
    fc.property(anyMembers, anyLevel, fc.infiniteStream(fc.boolean()), (members, level, chance) => {
      const need = needOf(level, members);
      const answered = members.filter(() => chance.next().value);
      const expected = naiveIsMet(level, members, answered);
      expect(need === undefined).toBe(expected === undefined);
      if (need !== undefined) expect(missingMachines(need, answered) === 0).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
});

type Answer = "none" | "acked" | "synced" | Outcome;
const anyAnswers = fc.array(fc.constantFrom<Answer>("none", "acked", "synced", "not-applied", "unknown"), {
  minLength: 8,
  maxLength: 8,
});

test("a write is met, pending or failed exactly as counting says, and never un-met", () => {
  fc.assert(
    fc.property(
      anyMembers,
      anyLevel,
      anyAnswers,
      fc.boolean(),
      anyExcuses,
      (members, level, answers, isSloppy, excuses) => {
        const replicas = members.filter(({ isFallback }) => !isFallback);
        const need = needOf(level, replicas);
        fc.pre(need !== undefined);
        const write = new WriteQuorum({ sides: [{ need, replicas: undefined }], isSloppy });
        // Fallbacks stand for the replicas in turn; some replicas are known to be of no use from the beginning.
        const standsFor = new Map(
          members.map(({ id, isFallback }, i) => [
            id,
            isFallback ? replicas[i % replicas.length]! : undefined,
          ]),
        );
        for (const member of members) write.ask(member, standsFor.get(member.id));
        const excused = new Set(replicas.filter((_, i) => excuses[i]).map(({ id }) => id));
        for (const id of excused) write.excuse(id);
        const got = new Map<string, Answer>(members.map(({ id }) => [id, "none"]));
        let wasMet = false;
        members.forEach(({ id }, i) => {
          const answer = answers[i]!;
          if (answer === "none") return;
          got.set(id, answer);
          if (answer === "acked" || answer === "synced") write.onAck(id, answer === "synced");
          else {
            write.onFailure(id, answer);
            excused.add(id);
          }
          const having = (...wanted: Answer[]): typeof members =>
            members.filter((one) => {
              const replica = standsFor.get(one.id);
              const countsAnywhere = level !== "local_quorum" && level !== "each_quorum";
              const mayStand = countsAnywhere || replica?.datacenter === one.datacenter;
              const counts = replica === undefined || (isSloppy && mayStand && excused.has(replica.id));
              return wanted.includes(got.get(one.id)!) && counts;
            });
          const isMet = naiveIsMet(level, replicas, having("acked", "synced"))!;
          const mayBeMet = naiveIsMet(level, replicas, having("acked", "synced", "none"))!;
          const surelyNot = members.every((one) => got.get(one.id) === "not-applied");
          const failed = surelyNot ? "not-applied" : "unknown";
          expect(write.verdict).toBe(isMet ? "met" : mayBeMet ? "pending" : failed);
          expect(wasMet && !isMet).toBe(false);
          wasMet = isMet;
        });
        const holders = members.filter(({ id }) => ["acked", "synced"].includes(got.get(id)!));
        expect(new Set(write.receipt.machines)).toEqual(machinesIn(holders));
        expect(write.receipt.fallbacks).toEqual(
          holders.filter(({ isFallback }) => isFallback).map(({ id }) => id),
        );
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a read is met, pending or failed exactly as counting says", () => {
  fc.assert(
    fc.property(anyMembers, anyLevel, anyAnswers, fc.boolean(), (members, level, answers, isSloppy) => {
      const replicas = members.filter(({ isFallback }) => !isFallback);
      const need = needOf(level, replicas);
      fc.pre(need !== undefined);
      const read = new ReadQuorum({ need, isSloppy });
      for (const member of members) read.ask(member, member);
      const kindOf = (i: number): string =>
        answers[i] === "none" ? "none" : answers[i] === "acked" || answers[i] === "synced" ? "yes" : "no";
      members.forEach(({ id }, i) => {
        if (kindOf(i) === "yes") read.onAnswer(id);
        if (kindOf(i) === "no") read.onFailure(id);
      });
      const having = (...wanted: string[]): typeof members =>
        members.filter((one, i) => wanted.includes(kindOf(i)) && (isSloppy || !one.isFallback));
      const isMet = naiveIsMet(level, replicas, having("yes"))!;
      const mayBeMet = naiveIsMet(level, replicas, having("yes", "none"))!;
      expect(read.verdict).toBe(isMet ? "met" : mayBeMet ? "pending" : "failed");
    }),
    { numRuns: 1_000 },
  );
});

function sideOf(machineCount: number, replicas?: readonly Participant[]): WriteSide {
  return { need: [{ datacenter: undefined, machineCount }], replicas };
}

describe("levels", () => {
  test("words in any case and whole numbers from 1 are levels, and nothing else", () => {
    expect(parseConsistency("Local_Quorum")).toBe("local_quorum");
    expect(parseConsistency("2")).toBe(2);
    for (const text of ["", "0", "-1", "1.5", "two", "quorum ", "9999999999"]) {
      expect(parseConsistency(text)).toBeUndefined();
    }
  });

  test("what can never be met is refused with the reason", () => {
    const alone = [{ id: "a", machine: "m", rack: "r", datacenter: "ber" }];
    expect(quorumNeed(2, alone, "ber")).toMatchObject({
      kind: "impossible",
      reason: expect.stringMatching(/2 machines.* 1 keep/),
    });
    expect(quorumNeed("local_quorum", alone, "ams")).toMatchObject({
      reason: expect.stringMatching(/ams keeps no copy/),
    });
    expect(quorumNeed("quorum", [], "ber")).toMatchObject({ kind: "impossible" });
  });

  test("while a slot moves both sides must have the write, and who is on both counts for both", () => {
    const [a, b, c, d] = [..."abcd"].map((id) => ({ id, machine: id, rack: "r", datacenter: "d" }));
    const open = (isSloppy: boolean): WriteQuorum => {
      const sides = [sideOf(2, [a!, b!, c!]), sideOf(2, [b!, c!, d!])];
      const write = new WriteQuorum({ sides, isSloppy });
      for (const member of [a!, b!, c!, d!]) write.ask(member);
      return write;
    };
    const write = open(false);
    expect(write.onAck("a", false)).toBe("pending");
    expect(write.onAck("b", false)).toBe("pending"); // a and b of the one, only b of the other
    expect(write.onAck("d", false)).toBe("met");
    expect(open(false).onAck("b", false)).toBe("pending");
    const both = open(false);
    both.onAck("b", false);
    expect(both.onAck("c", false)).toBe("met");
    const failed = open(false);
    failed.onFailure("b", "not-applied");
    expect(failed.onFailure("d", "not-applied")).toBe("unknown"); // c alone is left of the other side
    const sloppy = open(true);
    sloppy.ask({ ...d!, id: "f", machine: "f" }, d);
    sloppy.onAck("f", false);
    sloppy.onAck("a", false);
    expect(sloppy.onAck("b", false)).toBe("pending"); // d may still have it
    expect(sloppy.onFailure("d", "unknown")).toBe("met");
  });

  test("an answer that comes twice changes nothing", () => {
    const [a, b] = ["a", "b"].map((id) => ({ id, machine: id, rack: "r", datacenter: "d" }));
    const write = new WriteQuorum({ sides: [sideOf(2)], isSloppy: true });
    write.ask(a!);
    write.ask(b!);
    expect(write.onAck("a", false)).toBe("pending");
    expect(write.onFailure("a", "not-applied")).toBe("pending");
    expect(write.onFailure("b", "not-applied")).toBe("unknown");
  });
});
