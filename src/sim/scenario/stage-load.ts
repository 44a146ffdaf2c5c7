/**
 * Clients that write while a scenario goes on, and know afterwards what must be there. Each writes to keys of its own,
 * one after another, so that of each key the last acknowledged value must be there, or one that was sent later.
 */
import type { Outcome } from "../history/history.ts";
import type { SimRandom } from "../sim-random.ts";
import { DoorClient } from "../world/door-client.ts";
import type { SimCluster } from "../world/sim-cluster.ts";

const KEYS_PER_CLIENT = 10;
const CONNECT_MS = 1_000;
const PAUSE_MS_MAX = 50;
const PATIENCE_MS = 10_000;
const TOO_LATE: Outcome = { kind: "unknown", error: "nothing was heard in time" };

interface Written {
  /** Values that may be there: the last one acknowledged, and those sent later. */
  owed: string[];
  isAcknowledged: boolean;
}

export class StageLoad {
  readonly #cluster: SimCluster;
  readonly #host: string;
  readonly #written = new Map<string, Written>();
  /** Of requests whose connection held: it is chance how many are under way where a node dies. */
  readonly #outcomes = new Set<Outcome["kind"]>();
  #running: Promise<void>[] = [];
  #clientCount = 0;
  #isOn = false;

  constructor(cluster: SimCluster, host: string) {
    this.#cluster = cluster;
    this.#host = host;
  }

  begin(clients: number): void {
    this.#isOn = true;
    for (let i = 0; i < clients; i++) {
      const number = ++this.#clientCount;
      this.#running.push(this.#live(number, this.#cluster.world.random(`load ${number}`)));
    }
  }

  /** Lets time pass until every client has heard of its last write. */
  async end(): Promise<void> {
    this.#isOn = false;
    await this.#cluster.world.runUntil(Promise.all(this.#running));
    this.#running = [];
  }

  /** What the clients have to say; first a read of all keys, at any node that is up. */
  async report(): Promise<readonly string[]> {
    await this.end();
    const lost: string[] = [];
    const reader = await this.#cluster.world.runUntil(this.#connect(this.#upNames()[0]!));
    for (const [key, { owed, isAcknowledged }] of this.#written) {
      if (!isAcknowledged) continue;
      const outcome = await this.#cluster.world.runUntil(this.#orTooLate(reader.call("GET", key)));
      const value = outcome.kind === "reply" ? String(outcome.reply) : outcome.error;
      if (!owed.includes(value)) lost.push(`lost: ${key} should be ${owed.join(" or ")}, is ${value}`);
    }
    const some = (kind: Outcome["kind"]): string => (this.#outcomes.has(kind) ? "some" : "none");
    const summary = `refused: ${some("not-applied")}; unknown: ${some("unknown")}`;
    return [
      lost.length === 0 ? "no acknowledged write is lost" : `${lost.length} lost`,
      ...lost.slice(0, 5),
      summary,
    ];
  }

  async #live(number: number, random: SimRandom): Promise<void> {
    const { scheduler } = this.#cluster.world;
    let client: DoorClient | undefined;
    for (let count = 1; this.#isOn; count++) {
      const names = this.#upNames();
      if (client?.isOpen !== true && names.length > 0) {
        client = await this.#connect(names[random.below(names.length)]!).catch(() => undefined);
      }
      if (client?.isOpen === true)
        await this.#write(client, `load${number}.${random.below(KEYS_PER_CLIENT)}`, count);
      await new Promise<void>((resolve) => {
        scheduler.after(1 + random.below(PAUSE_MS_MAX), resolve);
      });
    }
    client?.close();
  }

  async #write(client: DoorClient, key: string, count: number): Promise<void> {
    const value = `${key}-${count}`;
    const written = this.#written.get(key) ?? { owed: [], isAcknowledged: false };
    this.#written.set(key, written);
    written.owed.push(value);
    const outcome = await this.#orTooLate(client.call("SET", key, value));
    const isTold = outcome === TOO_LATE || client.isOpen;
    if (outcome === TOO_LATE) client.close();
    if (isTold) this.#outcomes.add(outcome.kind);
    if (outcome.kind === "not-applied") written.owed = written.owed.filter((each) => each !== value);
    if (outcome.kind !== "reply") return;
    written.owed = [value];
    written.isAcknowledged = true;
  }

  /** Where the other machine has lost its power, nobody ever answers. */
  #orTooLate(answer: Promise<Outcome>): Promise<Outcome> {
    const { scheduler } = this.#cluster.world;
    const late = new Promise<Outcome>((resolve) => {
      scheduler.after(PATIENCE_MS, () => resolve(TOO_LATE));
    });
    return Promise.race([answer, late]);
  }

  #connect(name: string): Promise<DoorClient> {
    const { network } = this.#cluster.world.runtime(this.#host);
    return DoorClient.connect(network, name, CONNECT_MS);
  }

  #upNames(): string[] {
    return this.#cluster.names.filter((name) => this.#cluster.isUp(name));
  }
}
