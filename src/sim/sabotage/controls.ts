/**
 * The negative controls: each sabotage with runs in which its checker must find it, and within how many seeds it does.
 * A checker that finds nothing in a world that is broken on purpose proves nothing in one that is not.
 */
import { ALL_CHECKERS, violationsOf } from "../checkers/all-checkers.ts";
import type { Aftermath, History, Violation } from "../history/history.ts";
import type { NemesisBounds } from "../world/nemesis.ts";
import { planRun, type RunPlan, type RunWishes } from "../world/run-plan.ts";
import type { Seams } from "../world/sim-cluster.ts";
import { runSimulation } from "../world/sim-run.ts";
import { carelessRing } from "./careless-ring.ts";
import { joinTwoAtOnce, writeByOldPlan, writeCutOff } from "./changed-plans.ts";
import { credulousAcceptor } from "./credulous-acceptor.ts";
import { droppedHints } from "./dropped-hints.ts";
import { endlessHints } from "./endless-hints.ts";
import { credulousBounds, unagreedCollection } from "./hasty-collections.ts";
import { hastyDrops } from "./hasty-drops.ts";
import { lateWritesLost } from "./late-writes-lost.ts";
import { lostRequests } from "./lost-requests.ts";
import { lyingDisk } from "./lying-disk.ts";
import { repeatedDots } from "./repeated-dots.ts";
import type { Sabotage } from "./sabotage.ts";
import { skippedRepair } from "./skipped-repair.ts";
import { staleEpoch } from "./stale-epoch.ts";
import { staleTree } from "./stale-tree.ts";
import { clockMerge, expiryByArrival } from "./wrong-merges.ts";
import { blindDigest, earlyCollection } from "./wrong-rules.ts";
import { countedFallbacks, doubledIncrements, forgottenContexts, hastyWrites } from "./wrong-writes.ts";

export interface Control {
  readonly sabotage: Sabotage;
  /** Names of checkers, any of which is the one that finds it. */
  readonly foundBy: readonly string[];
  readonly seedsMax: number;
  run(seed: string, seams: Seams): Promise<readonly Violation[]>;
}

const CONVERGES_MS = 5_000;

interface Stage extends RunWishes {
  readonly kinds: NemesisBounds["kinds"];
  readonly promises?: Partial<RunPlan["promises"]>;
  readonly patienceMs?: number;
}

const STRICT = { founds: false, isSloppy: false, clockFaults: false } as const;
const BUSY = { clients: 8, thinkMs: 40, faultEveryMs: 1_000, faultsMs: 12_000 } as const;

/** A run whose faults are those that the sabotage is about. */
function simulated(stage: Omit<Stage, "seed">): Control["run"] {
  return async (seed, seams) => {
    const { kinds, promises, patienceMs, ...wishes } = stage;
    const plan = planRun({ ...BUSY, ...wishes, seed });
    const wanted = {
      ...plan,
      patienceMs: patienceMs ?? plan.patienceMs,
      bounds: { ...plan.bounds, kinds },
      promises: { ...plan.promises, convergesInMs: CONVERGES_MS, ...promises },
    };
    const { history, aftermath } = await runSimulation(wanted, { checkers: [], seams });
    return violationsOf(history, aftermath, ALL_CHECKERS);
  };
}

/** All nodes are on one machine, so that there is one copy of everything: what a move loses is lost. */
const ONE_COPY_MOVES = {
  nodes: 2,
  nodesPerMachine: 9,
  kinds: { join: 1 },
  moves: true,
  faultEveryMs: 3_000,
  keysPerFamily: 40,
  skew: 0,
  promises: { convergesInMs: 30_000 },
} as const;

const only = (family: string) => ({ families: { [family]: 1 }, otherLevelsOneIn: 0 });

/** By checkers that need no more than was looked at. */
function scripted(
  script: (seed: string, seams: Seams) => Promise<{ history: History; aftermath: Aftermath }>,
): Control["run"] {
  return async (seed, seams) => {
    const { history, aftermath } = await script(seed, seams);
    return violationsOf(history, aftermath, ALL_CHECKERS);
  };
}

export const CONTROLS: readonly Control[] = [
  {
    sabotage: lyingDisk,
    foundBy: ["lost-writes", "counters"],
    seedsMax: 3,
    run: simulated({ nodes: 3, founds: false, copies: 1, kinds: { crash: 1 } }),
  },
  {
    sabotage: droppedHints,
    foundBy: ["convergence"],
    seedsMax: 3,
    run: simulated({
      nodes: 5,
      kinds: { kill: 1 },
      keysPerFamily: 40,
      skew: 0,
      promises: { convergesUnread: true },
    }),
  },
  {
    sabotage: endlessHints,
    foundBy: ["bounded-queues"],
    seedsMax: 1,
    run: simulated({
      nodes: 4,
      kinds: {},
      mix: only("register"),
      hintBytesMax: 1_000,
      script: [
        { atMs: 500, words: ["kill", "n4"] },
        { atMs: 9_000, words: ["start", "n4"] },
      ],
    }),
  },
  {
    sabotage: repeatedDots,
    foundBy: ["dots"],
    seedsMax: 2,
    run: simulated({
      nodes: 3,
      kinds: {},
      // Looked at when the first lives have written most keys, and again when the second have.
      keysPerFamily: 40,
      skew: 0,
      script: [
        { atMs: 4_000, words: ["kill", "n1"] },
        { atMs: 5_000, words: ["start", "n1"] },
        { atMs: 7_000, words: ["crash", "n2"] },
        { atMs: 8_000, words: ["start", "n2"] },
      ],
    }),
  },
  {
    sabotage: clockMerge,
    foundBy: ["lost-writes"],
    seedsMax: 3,
    run: simulated({ nodes: 3, kinds: { partition: 1 }, mix: only("versioned"), keysPerFamily: 3 }),
  },
  {
    sabotage: skippedRepair,
    foundBy: ["linearizable", "sessions", "counters"],
    seedsMax: 10,
    run: simulated({
      ...STRICT,
      nodes: 3,
      kinds: { partition: 1, "one-way partition": 1, kill: 1 },
      mix: only("delete"),
      keysPerFamily: 2,
    }),
  },
  {
    sabotage: earlyCollection,
    foundBy: ["resurrection", "linearizable", "sessions"],
    seedsMax: 5,
    run: simulated({
      ...STRICT,
      nodes: 3,
      kinds: { partition: 1, kill: 1 },
      mix: only("delete"),
      keysPerFamily: 4,
    }),
  },
  {
    sabotage: unagreedCollection,
    foundBy: ["resurrection", "linearizable", "sessions"],
    seedsMax: 3,
    run: simulated({
      ...STRICT,
      nodes: 3,
      kinds: {},
      mix: only("delete"),
      // Rarely enough that what is forgotten is not soon written anew, of so many keys that some are deleted while n3 is away.
      thinkMs: 800,
      keysPerFamily: 60,
      skew: 0,
      hintBytesMax: 1, // else n3 hears of deletions before anybody reads what it has kept
      faultsMs: 50_000,
      // Nodes look for deletions as they start, and for the second time half a minute later.
      script: [
        { atMs: 18_000, words: ["kill", "n3"] },
        { atMs: 40_000, words: ["start", "n3"] },
      ],
    }),
  },
  {
    sabotage: credulousBounds,
    foundBy: ["lost-writes"],
    seedsMax: 1,
    run: simulated({
      nodes: 3,
      founds: false,
      kinds: {},
      thinkMs: 400,
      keysPerFamily: 120,
      skew: 0,
      hintBytesMax: 1, // what was missed, exchanges must bring
      faultsMs: 65_000,
      script: [
        { atMs: 30_000, words: ["kill", "n1"] },
        { atMs: 61_000, words: ["start", "n1"] },
      ],
      promises: { convergesInMs: 60_000 },
    }),
  },
  {
    sabotage: staleTree,
    foundBy: ["merkle-sums"],
    seedsMax: 1,
    run: simulated({ nodes: 3, kinds: {}, faultsMs: 5_000 }),
  },
  {
    sabotage: carelessRing,
    foundBy: ["placement"],
    seedsMax: 1,
    run: simulated({ nodes: 6, nodesPerMachine: 2, founds: false, kinds: {}, faultsMs: 2_000 }),
  },
  {
    sabotage: expiryByArrival,
    foundBy: ["dots", "convergence"],
    seedsMax: 2,
    run: simulated({ nodes: 3, kinds: { partition: 1 }, mix: only("expiry") }),
  },
  {
    sabotage: countedFallbacks,
    foundBy: ["sessions", "linearizable"],
    seedsMax: 1,
    run: scripted(writeCutOff),
  },
  {
    sabotage: hastyWrites,
    foundBy: ["linearizable", "sessions", "resurrection"],
    seedsMax: 5,
    run: simulated({
      ...STRICT,
      nodes: 3,
      kinds: { "slow link": 1, "lossy link": 1 },
      faultEveryMs: 300,
      mix: only("delete"),
      keysPerFamily: 4,
    }),
  },
  {
    sabotage: blindDigest,
    foundBy: ["merkle-sums"],
    seedsMax: 1,
    run: simulated({ nodes: 3, kinds: {}, faultsMs: 5_000 }),
  },
  {
    sabotage: forgottenContexts,
    foundBy: ["siblings"],
    seedsMax: 1,
    run: simulated({ nodes: 3, kinds: {}, mix: only("versioned"), faultsMs: 5_000 }),
  },
  {
    sabotage: doubledIncrements,
    foundBy: ["counters"],
    seedsMax: 1,
    run: simulated({ nodes: 3, kinds: {}, mix: only("counter"), faultsMs: 5_000 }),
  },
  {
    sabotage: lostRequests,
    foundBy: ["answers"],
    seedsMax: 1,
    run: simulated({ nodes: 3, kinds: {}, faultsMs: 5_000, patienceMs: 12_000 }),
  },
  {
    sabotage: credulousAcceptor,
    foundBy: ["convergence"],
    seedsMax: 6,
    run: scripted(joinTwoAtOnce),
  },
  {
    sabotage: staleEpoch,
    foundBy: ["lost-writes"],
    seedsMax: 1,
    run: scripted(writeByOldPlan),
  },
  {
    sabotage: lateWritesLost,
    foundBy: ["lost-writes", "counters"],
    seedsMax: 3,
    run: simulated(ONE_COPY_MOVES),
  },
  {
    sabotage: hastyDrops,
    foundBy: ["lost-writes", "counters"],
    seedsMax: 3,
    run: simulated(ONE_COPY_MOVES),
  },
];
