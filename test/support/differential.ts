/** Sends the same calls to Redis and to Kvorum and compares the bytes of every reply. */
import { type Call, RawClient } from "./raw-client.ts";

/** The same conversation held with both. */
export class Differential {
  readonly #redis: RawClient;
  readonly #kvorum: RawClient;

  static async open(ports: { redis: number; kvorum: number }): Promise<Differential> {
    const clients = await Promise.all([RawClient.connect(ports.redis), RawClient.connect(ports.kvorum)]);
    return new Differential(...clients);
  }

  private constructor(redis: RawClient, kvorum: RawClient) {
    this.#redis = redis;
    this.#kvorum = kvorum;
  }

  /** Each difference as a text: the call and both replies. `normalise` takes out what may differ. */
  async compare(calls: readonly Call[], normalise: Normalise = asItIs): Promise<string[]> {
    const [redis, kvorum] = await Promise.all([this.#redis.send(calls), this.#kvorum.send(calls)]);
    const differences: string[] = [];
    calls.forEach((call, i) => {
      const [expected, actual] = [redis[i]!, kvorum[i]!].map((reply) =>
        normalise(reply.toString("latin1"), call),
      );
      if (expected === actual) return;
      differences.push(`${show(call)}\n    Redis:  ${quote(expected!)}\n    Kvorum: ${quote(actual!)}`);
    });
    return differences;
  }

  close(): void {
    this.#redis.close();
    this.#kvorum.close();
  }
}

/** A reply (Latin-1) without what two servers may rightly answer differently. */
export type Normalise = (reply: string, call: Call) => string;

const asItIs: Normalise = (reply) => reply;
const SHOWN_CHARACTERS_MAX = 300;

function show(call: Call): string {
  return call
    .map((argument) => quote(Buffer.from(argument as string, "latin1").toString("latin1")))
    .join(" ");
}

function quote(latin1: string): string {
  const text = JSON.stringify(latin1);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}...` : text;
}
