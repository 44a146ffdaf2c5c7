/** Valkey GLIDE: a client written in Rust, which greets, counts and reconnects in its own way. */
import { Batch, Decoder, GlideClient, Logger, RequestError, TimeUnit } from "@valkey/valkey-glide";
import { type LibraryClient, testClientLibraries } from "./client-library.contract.ts";

class Glide implements LibraryClient {
  readonly #client: GlideClient;

  constructor(client: GlideClient) {
    this.#client = client;
  }

  set(key: string, value: string): Promise<unknown> {
    return this.#client.set(key, value);
  }

  setFor(seconds: number, key: string, value: string): Promise<unknown> {
    return this.#client.set(key, value, { expiry: { type: TimeUnit.Seconds, count: seconds } });
  }

  get(key: string): Promise<string | null> {
    return this.#client.get(key) as Promise<string | null>;
  }

  getMany(keys: string[]): Promise<(string | null)[]> {
    return this.#client.mget(keys) as Promise<(string | null)[]>;
  }

  setBytes(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#client.set(key, value);
  }

  getBytes(key: Buffer): Promise<Buffer | null> {
    return this.#client.get(key, { decoder: Decoder.Bytes }) as Promise<Buffer | null>;
  }

  delete(keys: string[]): Promise<number> {
    return this.#client.del(keys);
  }

  increment(key: string): Promise<number> {
    return this.#client.incr(key);
  }

  secondsLeft(key: string): Promise<number> {
    return this.#client.ttl(key);
  }

  async scan(pattern: string): Promise<string[]> {
    const found: string[] = [];
    let cursor = "0";
    do {
      const [next, keys] = await this.#client.scan(cursor, { match: pattern });
      found.push(...(keys as string[]));
      cursor = next as string;
    } while (cursor !== "0");
    return found;
  }

  call(...call: string[]): Promise<unknown> {
    return this.#client.customCommand(call);
  }

  async pipeline(calls: string[][]): Promise<unknown[]> {
    return (await this.#client.exec(gather(calls, false), false))!;
  }

  transaction(calls: string[][]): Promise<unknown[] | null> {
    return this.#client.exec(gather(calls, true), false);
  }

  watch(key: string): Promise<unknown> {
    return this.#client.watch([key]);
  }

  /** It does not tell when it is connected again, and refuses requests until then. */
  async outlive(interrupt: () => Promise<void>): Promise<void> {
    await interrupt();
    const isBack = () =>
      this.#client.ping().then(
        () => true,
        (cause: unknown) => {
          if (cause instanceof RequestError) return false;
          throw cause;
        },
      );
    while (!(await isBack()));
  }

  async close(): Promise<void> {
    this.#client.close();
  }
}

function gather(calls: string[][], isAtomic: boolean): Batch {
  const batch = new Batch(isAtomic);
  for (const call of calls) batch.customCommand(call);
  return batch;
}

Logger.setLoggerConfig("off"); // it would tell of each refused password

/** Its own limit of 250 ms is for the machines of production: eight megabytes may take longer where tests run. */
const REQUEST_TIMEOUT_MS = 10_000;

testClientLibraries({
  name: "valkey-glide",
  protocol: 3,
  introduction: / lib-name=GlideJS lib-ver=\S/,
  async connect({ port, password, database }) {
    const client = await GlideClient.createClient({
      addresses: [{ host: "127.0.0.1", port }],
      requestTimeout: REQUEST_TIMEOUT_MS,
      ...(password && { credentials: { password } }),
      ...(database && { databaseId: database }),
    });
    return new Glide(client);
  },
});
