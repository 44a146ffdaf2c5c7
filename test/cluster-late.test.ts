/**
 * Requests that a node passes on to a replica which stands still, is cut off or dies: what it does late must not come
 * back behind the client's back. Whole nodes in a simulated world; each case is tried at whichever replica is asked first.
 */
import { afterEach, describe, expect, test } from "vitest";
import { utf8 } from "../src/base/bytes.ts";
import { silentLogger } from "../src/base/logger.ts";
import { FixedTown } from "../src/node/fixed-town.oracle.ts";
import { DEFAULT_SETTINGS } from "../src/node/settings.ts";
import type { PlainReply } from "../src/resp/plain-reply.ts";
import { slotOf } from "../src/ring/slot.ts";
import { createCommandTable } from "../src/server/commands.ts";
import { Server } from "../src/server/server.ts";
import type { Call } from "./support/raw-client.ts";
import { SimClient } from "./support/sim-server.ts";

const PORT = 6379;
const NODES = 5;
const AWAY_MS = 1_200;
const HEALED_MS = 30_000;
const DURABLE = { storage: "disk", fsync: "always" } as const;

let town: FixedTown;
let clients: SimClient[] = [];

afterEach(() => {
  clients = [];
});

async function serve(index: number): Promise<void> {
  const name = town.names[index]!;
  const runtime = town.world.runtime(name);
  const settings = { ...DEFAULT_SETTINGS, ...DURABLE, host: "0.0.0.0", port: PORT, dataDirectory: "/data" };
  const node = town.node(index);
  const cluster = node.cluster!;
  const parts = { runtime, node, settings, logger: silentLogger, commands: createCommandTable(), cluster };
  await town.world.runUntil(new Server(parts).listen());
  const { network } = town.world.runtime("clients");
  const connecting = network.connect({ host: name, port: PORT, timeoutMs: 1_000 });
  clients[index] = new SimClient(await town.world.runUntil(connecting));
}

async function openTown(seed: string): Promise<void> {
  town = await FixedTown.open(seed, NODES, { settings: DURABLE });
  for (let i = 0; i < NODES; i++) await serve(i);
}

const ask = (index: number, ...call: Call): Promise<PlainReply> =>
  town.world.runUntil(clients[index]!.call(...call));

/** By index: who keeps the key, and who does not. */
function placesOf(key: string): { readonly replicas: number[]; readonly others: number[] } {
  const { view } = town.node(0).cluster!;
  const ids = view.replicasOf(slotOf(utf8(key))).map(({ id }) => id);
  const all = [...town.ids.keys()];
  const keeps = (i: number): boolean => ids.includes(town.ids[i]!);
  return { replicas: all.filter(keeps), others: all.filter((i) => !keeps(i)) };
}

async function valuesEverywhere(key: string): Promise<PlainReply[]> {
  const all: PlainReply[] = [];
  for (let i = 0; i < NODES; i++) {
    const reply = await ask(i, "KV.WITH", "READ", "all", "--", "KV.GET", key);
    all.push((reply as PlainReply[]).slice(1));
  }
  return all;
}

/** What happens to the replica `away` while `key` is written by way of the node `by`; then how it comes back. */
interface Harm {
  readonly name: string;
  begin(away: number, by: number): void;
  end(away: number): Promise<void> | void;
}

const nameOf = (index: number): string => town.names[index]!;
const namesWithout = (...some: number[]): string[] => town.names.filter((_, i) => !some.includes(i));

const HARMS: readonly Harm[] = [
  {
    name: "stands still before it has read the request",
    begin: (away) => town.world.pause(nameOf(away), AWAY_MS),
    end: () => undefined,
  },
  {
    name: "gets the request when its sender has long gone on",
    begin: (away, by) => town.world.partitionOneWay(nameOf(by), nameOf(away)),
    end: () => town.world.heal(),
  },
  {
    name: "has made the write, and nobody has heard of it yet",
    begin: (away) => town.world.partitionOneWay(nameOf(away), namesWithout(away)),
    end: () => town.world.heal(),
  },
  {
    name: "has made the write, and dies before anybody hears of it",
    begin: (away) => town.world.partitionOneWay(nameOf(away), namesWithout(away)),
    async end(away) {
      town.world.kill(nameOf(away));
      town.world.heal();
      await town.start(away);
      await serve(away);
    },
  },
];

describe.each(HARMS)("a replica that $name", ({ begin, end }) => {
  const EVERY_REPLICA = [0, 1, 2];

  async function written(seed: string, at: number, ...calls: Call[]): Promise<string> {
    await openTown(seed); // one history up to here, so one of the three is asked first
    const key = "k";
    const { replicas, others } = placesOf(key);
    const away = replicas[at]!;
    const [by, other] = [others[0]!, replicas[(at + 1) % replicas.length]!];
    for (const i of [by, other]) expect(await ask(i, "SET", key, "before")).toBe("OK");
    begin(away, by);
    expect(await ask(by, "SET", key, "v1")).toBe("OK");
    for (const call of calls) expect(await ask(other, ...call)).not.toBeInstanceOf(Error);
    await town.world.runFor(AWAY_MS);
    await end(away);
    await town.world.runFor(HEALED_MS);
    return key;
  }

  test.each(EVERY_REPLICA)(
    "brings nothing back that was deleted since (replica %i)",
    async (at) => {
      const key = await written("deleted", at, ["DEL", "k"]);
      expect(await valuesEverywhere(key)).toEqual(new Array(NODES).fill([]));
    },
    60_000,
  );

  test.each(EVERY_REPLICA)(
    "leaves what was written since (replica %i)",
    async (at) => {
      const key = await written("overwritten", at, ["SET", "k", "v2"]);
      expect(await valuesEverywhere(key)).toEqual(new Array(NODES).fill(["v2"]));
    },
    60_000,
  );

  test.each(EVERY_REPLICA)(
    "leaves what MSET has written (replica %i)",
    async (at) => {
      const key = await written("many", at, ["MSET", "k", "v2", "other", "x"]);
      expect(await valuesEverywhere(key)).toEqual(new Array(NODES).fill(["v2"]));
    },
    60_000,
  );
});

test("a write that comes late replaces nothing of what a cut-off replica has taken since", async () => {
  for (const at of [0, 1, 2]) {
    await openTown("cut off");
    const { replicas, others } = placesOf("k");
    const by = others[0]!;
    const away = replicas[at]!;
    for (const i of [by, away]) expect(await ask(i, "SET", "k", "before")).toBe("OK");
    town.world.partition(nameOf(away), namesWithout(away));
    expect(await ask(by, "SET", "k", "v1")).toBe("OK");
    expect(await ask(away, "KV.WITH", "WRITE", "one", "--", "SET", "k", "v2")).toBe("OK");
    town.world.network.links.unbar(nameOf(by), nameOf(away));
    await town.world.runFor(100); // what was passed on comes before what the other replicas have to say
    town.world.heal();
    await town.world.runFor(HEALED_MS);
    for (const values of await valuesEverywhere("k"))
      expect([...(values as string[])].sort()).toEqual(["v1", "v2"]);
  }
}, 60_000);

test("a node whose clock is far ahead has its writes made under the replicas' own stamps", async () => {
  await openTown("ahead");
  const { others } = placesOf("k");
  const [by, other] = [others[0]!, others[1]!];
  town.world.setClockSkew(nameOf(by), 3_600_000);
  for (const value of ["v1", "v2"]) {
    expect(await ask(by, "SET", "k", value)).toBe("OK");
    expect(await ask(other, "GET", "k")).toBe(value);
  }
  town.world.setClockSkew(nameOf(by), -3_600_000);
  for (const value of ["v3", "v4"]) {
    expect(await ask(by, "SET", "k", value)).toBe("OK");
    expect(await ask(other, "GET", "k")).toBe(value);
  }
});
