/**
 * A client of one node's door: one connection, RESP2, several requests under way at once, replies in order. It says of
 * each what is known of its effect.
 */
import { utf8 } from "../../base/bytes.ts";
import { type PlainReply, plainReply } from "../../resp/plain-reply.ts";
import type { Reply as WireReply } from "../../resp/reply.ts";
import { ReplyDecoder } from "../../resp/reply-decoder.ts";
import type { Connection, Network } from "../../runtime/runtime.ts";
import type { Outcome, Reply } from "../history/history.ts";
import { CLIENT_PORT } from "./sim-cluster.ts";

type OnOutcome = (outcome: Outcome) => void;

export class DoorClient {
  /** The node's. */
  readonly name: string;
  readonly #connection: Connection;
  readonly #decoder = new ReplyDecoder();
  readonly #waiting: OnOutcome[] = [];
  #isOpen = true;

  /** Rejects with StoreError if nobody answers there. */
  static async connect(network: Network, name: string, timeoutMs: number): Promise<DoorClient> {
    return new DoorClient(name, await network.connect({ host: name, port: CLIENT_PORT, timeoutMs }));
  }

  private constructor(name: string, connection: Connection) {
    this.name = name;
    this.#connection = connection;
    connection.start({
      onBytes: (bytes, length) => this.#onBytes(bytes, length),
      onDrain: () => undefined,
      onEnd: () => this.close(),
      onClose: () => this.#onClosed(),
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** `onOutcome` is called once, later, unless this process dies first. */
  request(command: readonly string[], onOutcome: OnOutcome): void {
    if (!this.#isOpen) {
      onOutcome({ kind: "not-applied", error: "the connection was closed before" });
      return;
    }
    this.#waiting.push(onOutcome);
    this.#connection.write(encodeRequest(command));
  }

  call(...command: readonly string[]): Promise<Outcome> {
    return new Promise((resolve) => this.request(command, resolve));
  }

  /** What has not been answered by now may still have an effect. */
  close(): void {
    this.#connection.destroy();
    this.#onClosed();
  }

  #onBytes(bytes: Uint8Array, length: number): void {
    this.#decoder.feed(bytes, length);
    while (this.#decoder.next()) this.#waiting.shift()?.(outcomeOf(this.#decoder.reply));
    this.#decoder.park();
  }

  #onClosed(): void {
    this.#isOpen = false;
    for (const onOutcome of this.#waiting.splice(0))
      onOutcome({ kind: "unknown", error: "the connection broke" });
  }
}

/** An error says by a word of it whether the request may have been applied; a refusal without one has done nothing. */
function outcomeOf(wire: WireReply): Outcome {
  const plain = plainReply(wire);
  if (!(plain instanceof Error)) return { kind: "reply", reply: simpleReply(plain) };
  const error = plain.message;
  return / UNKNOWN /.test(error) ? { kind: "unknown", error } : { kind: "not-applied", error };
}

function simpleReply(plain: PlainReply): Reply {
  if (Array.isArray(plain)) return plain.map(simpleReply);
  return typeof plain === "number" || plain === null ? plain : String(plain);
}

function encodeRequest(command: readonly string[]): Uint8Array {
  let text = `*${command.length}\r\n`;
  for (const word of command) text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
  return utf8(text);
}
