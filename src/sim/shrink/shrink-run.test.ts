/** A run that loses what its disks said was safe, and what is left of it. */
import { expect, test } from "vitest";
import { lyingDisk } from "../sabotage/lying-disk.ts";
import { printRun } from "../scenario/run-stage.ts";
import { runScenario } from "../scenario/scenario-run.ts";
import { CHECKERS } from "../world/checkers-in-use.ts";
import type { RunWishes } from "../world/run-plan.ts";
import { shrinkRun } from "./shrink-run.ts";

/** On a machine that has other things to do as well. */
const MINUTES = 300_000;

const deed = (atMs: number, text: string) => ({ atMs, words: text.split(" ") });

const WISHES: RunWishes = {
  seed: "lost",
  nodes: 3,
  founds: false,
  isSloppy: false,
  copies: 1,
  clients: 3,
  thinkMs: 100,
  faultsMs: 12_000,
  script: [
    deed(500.5, "pause n2 300ms"),
    deed(1_000.5, "clock n1 drifts 100"),
    deed(4_000.25, "cut n1 n3"),
    ...["n1", "n2", "n3"].map((name, i) => deed(6_000 + i / 8, `crash ${name}`)),
    ...["n1", "n2", "n3"].map((name, i) => deed(7_000 + i / 8, `start ${name}`)),
    deed(9_000.5, "partition n1 n2 | n3"),
    deed(10_000.5, "heal"),
  ],
};

test(
  "a failing run is shrunk to one that is shorter in everything, and can be read and played",
  async () => {
    const shrunk = await shrinkRun(WISHES, { checkers: CHECKERS, seams: lyingDisk.seams, triesMax: 10 });
    const { wishes, checker } = shrunk!;
    expect(wishes.script!.length).toBeLessThan(WISHES.script!.length / 2);
    expect(wishes.script!.some(({ words }) => words[0] === "crash")).toBe(true);
    expect(wishes.clients! * wishes.faultsMs!).toBeLessThan(WISHES.clients! * WISHES.faultsMs! - 1);
    const text = [...printRun(wishes, checker), `sabotage ${lyingDisk.name}`].join("\n");
    const replayed = await runScenario(text);
    expect(replayed.surprises[0]!.given).toEqual(["broken"]);
  },
  MINUTES,
);

test(
  "of a run that breaks nothing nothing is left",
  async () => {
    expect(await shrinkRun({ ...WISHES, script: [] }, { checkers: CHECKERS })).toBeUndefined();
  },
  MINUTES,
);
