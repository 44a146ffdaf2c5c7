/** A client that keeps requests in flight until the node dies, and afterwards looks whether the node kept its word. */
import { connect, type Socket } from "node:net";
import type { SimRandom } from "../../../src/sim/sim-random.ts";
import { type Call, encodeCall, RawClient } from "../raw-client.ts";
import { replyEnd } from "../reply-end.ts";
import { randomDeed } from "./deeds.ts";
import { History, type State } from "./history.ts";

const IN_FLIGHT_MAX = 16;

export class KillClient {
  readonly history: History;
  readonly #random: SimRandom;
  readonly #home: number;
  readonly #away: number;
  #sentCount = 0;

  /** `home` and `away` are databases that nobody else uses. */
  constructor(random: SimRandom, home: number, away: number) {
    this.#random = random;
    this.#home = home;
    this.#away = away;
    this.history = new History([home, away]);
  }

  /**
   * Sends requests without end. Resolves when the connection is gone; rejects if an answer is wrong. `onReplies` is
   * told how many more were answered.
   */
  async run(port: number, onReplies: (count: number) => void): Promise<void> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined); // "close" follows, and says enough
    socket.setNoDelay();
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.write(encodeCall(["select", `${this.#home}`]));
    let wrong: unknown;
    let received = Buffer.alloc(0);
    let isSelected = false;
    let inFlight = 0;
    socket.on("data", (chunk: Buffer) => {
      try {
        received = Buffer.concat([received, chunk]);
        let answered = 0;
        for (let end = replyEnd(received, 0); end !== undefined; end = replyEnd(received, 0)) {
          if (isSelected) this.history.noteReply(received.toString("latin1", 0, end));
          if (isSelected) answered++;
          isSelected = true;
          received = received.subarray(end);
        }
        inFlight -= answered;
        onReplies(answered);
        inFlight += this.#send(socket, IN_FLIGHT_MAX - inFlight);
      } catch (cause) {
        wrong = cause;
        socket.destroy();
      }
    });
    await closed;
    if (wrong !== undefined) throw wrong;
  }

  /** Compares all that this client knows with what the node has now; says what is wrong. */
  async check(port: number): Promise<string | undefined> {
    const reader = await RawClient.connect(port);
    try {
      const found = new Map([
        [this.#home, await contentOf(reader, this.#home)],
        [this.#away, await contentOf(reader, this.#away)],
      ]);
      return this.history.recover(found);
    } finally {
      reader.close();
    }
  }

  #send(socket: Socket, countMax: number): number {
    const count = countMax <= 0 ? 0 : 1 + this.#random.below(countMax);
    const calls: Call[] = [];
    for (let i = 0; i < count; i++) {
      const deed = randomDeed(this.#random, this.#home, this.#away, ++this.#sentCount);
      this.history.noteSent(deed);
      calls.push(deed.call);
    }
    if (count > 0) socket.write(Buffer.concat(calls.map(encodeCall)));
    return count;
  }
}

async function contentOf(client: RawClient, database: number): Promise<ReturnType<State["get"]> & object> {
  await client.call("select", `${database}`);
  const names = bulksIn(await client.call("keys", "*"));
  const values = names.length === 0 ? [] : bulksIn(await client.call("mget", ...names));
  return new Map(names.map((name, i) => [name, values[i]!]));
}

/** The strings of an array of strings. */
function bulksIn(reply: Buffer): string[] {
  const text = reply.toString("latin1");
  if (!text.startsWith("*")) throw new Error(text.trim());
  const bulks: string[] = [];
  for (let at = text.indexOf("\r\n") + 2; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const length = Number(text.slice(at + 1, end));
    bulks.push(text.slice(end + 2, end + 2 + length));
    at = end + 4 + length;
  }
  return bulks;
}
