/** A node to be attacked: a process of its own, a bystander that uses it all the while, and a look inside. */
import { Bystander, harmIn, type Report } from "./bystander.ts";
import { type Call, RawClient } from "./raw-client.ts";
import { RunningKvorum } from "./running-kvorum.ts";

const QUIET_ROUND_TRIPS = 300;
/** So that a median says something. */
const ROUND_TRIPS_MIN = 50;

interface Parts {
  readonly kvorum: RunningKvorum;
  readonly bystander: Bystander;
  readonly observer: RawClient;
  /** What the bystander came to in peace. */
  readonly usual: Report;
}

export class HostileTarget {
  readonly port: number;
  readonly #kvorum: RunningKvorum;
  readonly #bystander: Bystander;
  readonly #observer: RawClient;
  readonly #usual: Report;
  #lastReply: Promise<unknown> = Promise.resolve();

  /** `options` are those of `kvorum serve`. Resolves when it is known how long things take in peace. */
  static async start(...options: string[]): Promise<HostileTarget> {
    // In memory: a value of 64 MiB named a hundred times is read from a disk a hundred times.
    const kvorum = new RunningKvorum(["serve", "--port", "0", "--storage", "memory", ...options]);
    const port = await kvorum.ready();
    const bystander = new Bystander(port);
    const observer = await RawClient.connect(port);
    const usual = await bystander.report(QUIET_ROUND_TRIPS);
    return new HostileTarget(port, { kvorum, bystander, observer, usual });
  }

  private constructor(port: number, { kvorum, bystander, observer, usual }: Parts) {
    this.port = port;
    this.#kvorum = kvorum;
    this.#bystander = bystander;
    this.#observer = observer;
    this.#usual = usual;
  }

  /** What the bystander came to since this was asked last; empty if it hardly noticed. */
  async harm(): Promise<string[]> {
    return harmIn(await this.#bystander.report(ROUND_TRIPS_MIN), this.#usual);
  }

  /** As `harm`, for what keeps everybody waiting: then only wrong answers count. */
  async fault(): Promise<string | undefined> {
    return (await this.#bystander.report()).fault;
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
    await this.#bystander.close();
    this.#kvorum.signal("SIGKILL");
    const { exitCode, errors } = await this.#kvorum.end();
    if (exitCode !== null)
      throw new Error(`the node ended by itself with ${exitCode}:\n${errors.slice(-3000)}`);
  }
}
