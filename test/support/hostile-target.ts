/**
 * A node to be attacked: a process of its own, a bystander that uses it all the while, and a look inside. Another node,
 * left in peace, has a bystander too: what befalls that one is the machine's doing, however busy it is.
 */
import { Bystander, harmIn, type Report, worseOf } from "./bystander.ts";
import { type Call, RawClient } from "./raw-client.ts";
import { RunningKvorum } from "./running-kvorum.ts";

const QUIET_ROUND_TRIPS = 300;
/** So that a median says something. */
const ROUND_TRIPS_MIN = 50;

export type Storage = "memory" | "disk";

interface Watched {
  readonly kvorum: RunningKvorum;
  readonly port: number;
  readonly bystander: Bystander;
}

interface Parts {
  readonly attacked: Watched;
  readonly peaceful: Watched;
  readonly observer: RawClient;
  /** What the bystander came to in peace. */
  readonly usual: Report;
}

export class HostileTarget {
  readonly port: number;
  readonly #attacked: Watched;
  readonly #peaceful: Watched;
  readonly #observer: RawClient;
  readonly #usual: Report;
  #lastReply: Promise<unknown> = Promise.resolve();

  /** `options` are those of `kvorum serve`. Resolves when it is known how long things take in peace. */
  static async start(storage: Storage, ...options: string[]): Promise<HostileTarget> {
    const [attacked, peaceful] = await Promise.all([watch(storage, options), watch("memory", [])]);
    const observer = await RawClient.connect(attacked.port);
    const usual = await attacked.bystander.report(QUIET_ROUND_TRIPS);
    return new HostileTarget({ attacked, peaceful, observer, usual });
  }

  private constructor({ attacked, peaceful, observer, usual }: Parts) {
    this.port = attacked.port;
    this.#attacked = attacked;
    this.#peaceful = peaceful;
    this.#observer = observer;
    this.#usual = usual;
  }

  /** What the bystander came to since this was asked last; empty if it hardly noticed, or no more than elsewhere. */
  async harm(): Promise<string[]> {
    const [report, elsewhere] = await Promise.all([
      this.#attacked.bystander.report(ROUND_TRIPS_MIN),
      this.#peaceful.bystander.report(ROUND_TRIPS_MIN),
    ]);
    return harmIn(report, worseOf(this.#usual, elsewhere));
  }

  /** As `harm`, for what keeps everybody waiting: then only wrong answers count. */
  async fault(): Promise<string | undefined> {
    return (await this.#attacked.bystander.report()).fault;
  }

  /** A number that INFO tells. */
  async status(field: string): Promise<number> {
    const info = await this.ask("INFO", "everything");
    return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)![1]);
  }

  /** Asks for a number until it is as wanted. */
  async statusUntil(field: string, isWanted: (value: number) => boolean): Promise<void> {
    while (!isWanted(await this.status(field)));
  }

  /** Asks on a connection that nobody attacks, one question at a time. */
  async ask(...call: Call): Promise<string> {
    const reply = this.#lastReply.catch(() => undefined).then(() => this.#observer.call(...call));
    this.#lastReply = reply;
    return (await reply).toString("latin1");
  }

  /** Resolves when the process has ended. Rejects if it had ended by itself. */
  async stop(): Promise<void> {
    this.#observer.close();
    for (const { kvorum, bystander } of [this.#attacked, this.#peaceful]) {
      await bystander.close();
      kvorum.signal("SIGKILL");
      const { exitCode, errors } = await kvorum.end();
      if (exitCode !== null)
        throw new Error(`the node ended by itself with ${exitCode}:\n${errors.slice(-3000)}`);
    }
  }
}

async function watch(storage: Storage, options: readonly string[]): Promise<Watched> {
  const kvorum = new RunningKvorum(["serve", "--port", "0", "--storage", storage, ...options]);
  const port = await kvorum.ready();
  return { kvorum, port, bystander: new Bystander(port) };
}
