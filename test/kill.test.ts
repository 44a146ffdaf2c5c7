/**
 * A node that writes are acknowledged by only when they are on disk is killed again and again, under load and while
 * it starts: nothing that it acknowledged may be lost, nothing deleted come back, and what it was not asked for may
 * not appear. KVORUM_KILLS says how often (HACKING.md), KVORUM_SEED which requests.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { SimRandom } from "../src/sim/sim-random.ts";
import { KillClient } from "./support/kill/kill-client.ts";
import { RawClient } from "./support/raw-client.ts";
import { RunningKvorum } from "./support/running-kvorum.ts";

const KILLS = Number(process.env.KVORUM_KILLS ?? 8);
const SEED = process.env.KVORUM_SEED ?? "kill";
const MS_PER_KILL = 20_000;
const KILLS_PER_LINE = 50;
const BASE_ROWS = 4_000;
const BASE_DATABASE = 14;
const STARTS_KILLED = 5;
const START_MS_MAX = 400;
const REPLIES_MAX = 4_000;

const directory = mkdtempSync(join(tmpdir(), "kvorum-kill-"));
const nodes: RunningKvorum[] = [];

afterEach(async () => {
  for (const node of nodes) node.signal("SIGKILL");
  await Promise.all(nodes.splice(0).map((node) => node.end()));
  rmSync(directory, { recursive: true, force: true });
});

/** Small memtables, so that every run between two kills flushes and compacts. */
function start(): RunningKvorum {
  const node = new RunningKvorum([
    ...["serve", "--port", "0", "--data", directory, "--storage", "disk", "--fsync", "always"],
    ...["--memtable", "1mb"],
  ]);
  nodes.push(node);
  return node;
}

async function kill(node: RunningKvorum): Promise<void> {
  node.signal("SIGKILL");
  nodes.splice(nodes.indexOf(node), 1);
  await node.end();
}

const baseValue = (row: number): string => `${row} `.repeat(20);

async function eachBase(
  port: number,
  ask: (client: RawClient, rows: number[]) => Promise<void>,
): Promise<void> {
  const client = await RawClient.connect(port);
  await client.call("select", `${BASE_DATABASE}`);
  for (let from = 0; from < BASE_ROWS; from += 1_000) {
    await ask(
      client,
      Array.from({ length: 1_000 }, (_, i) => from + i),
    );
  }
  client.close();
}

test(`${KILLS} times kill -9, seed ${SEED}`, { timeout: (KILLS + 3) * MS_PER_KILL }, async () => {
  const random = new SimRandom(SEED);
  const clock = createNodejsClock();
  const clients = Array.from(
    { length: 6 },
    (_, i) => new KillClient(random.fork(`client ${i}`), 2 * i, 2 * i + 1),
  );
  const startedMs = clock.monotonicMs();
  let replyCount = 0;

  async function checkAll(port: number): Promise<void> {
    for (const client of clients) expect(await client.check(port)).toBeUndefined();
  }

  const first = start();
  await eachBase(await first.ready(), async (client, rows) => {
    await client.send(rows.map((row) => ["set", `base:${row}`, baseValue(row)]));
  });
  await kill(first);

  for (let kills = 1; kills < KILLS; kills++) {
    const node = start();
    if (random.oneIn(STARTS_KILLED)) {
      await clock.sleep(random.below(START_MS_MAX));
      await kill(node);
      continue;
    }
    const port = await node.ready();
    await checkAll(port);
    let repliesLeft = 1 + random.below(REPLIES_MAX);
    const onReplies = (count: number): void => {
      replyCount += count;
      repliesLeft -= count;
      if (repliesLeft <= 0) node.signal("SIGKILL");
    };
    await Promise.all(clients.map((client) => client.run(port, onReplies)));
    await kill(node);
    if (kills % KILLS_PER_LINE === 0)
      console.log(`${kills} kills, ${replyCount} requests acknowledged so far`);
  }

  const last = start();
  const port = await last.ready();
  await checkAll(port);
  await eachBase(port, async (client, rows) => {
    const wanted = rows.map((row) => `$${baseValue(row).length}\r\n${baseValue(row)}\r\n`).join("");
    const values = await client.call("mget", ...rows.map((row) => `base:${row}`));
    expect(values.toString("latin1")).toBe(`*${rows.length}\r\n${wanted}`);
  });
  await kill(last);
  const inspection = spawnSync(process.execPath, ["bin/kvorum.js", "inspect", directory], {
    encoding: "utf8",
  });
  expect({ status: inspection.status, errors: inspection.stderr }).toEqual({ status: 0, errors: "" });
  const seconds = Math.round((clock.monotonicMs() - startedMs) / 1000);
  console.log(
    `seed ${SEED}: ${KILLS} kills in ${seconds} s, ${replyCount} requests acknowledged in between, nothing lost`,
  );
});
