/** One lasting connection to a node, for a person who asks one thing after another. */
import { StoreError } from "../../base/errors.ts";
import { isFailure, type Reply } from "../../resp/reply.ts";
import { ReplyDecoder } from "../../resp/reply-decoder.ts";
import type { Connection, Network } from "../../runtime/runtime.ts";
import { encodeCall } from "../encoded-call.ts";
import type { AskedNode } from "../node-question.ts";

const CONNECT_TIMEOUT_MS = 5_000;

interface Waiting {
  resolve(reply: Reply): void;
  reject(cause: Error): void;
}

export class NodeLink {
  readonly #connection: Connection;
  readonly #decoder = new ReplyDecoder();
  readonly #waiting: Waiting[] = [];
  #isBroken = false;

  /** Resolves when connected, and let in if there is a password. Rejects with StoreError IO. */
  static async open(
    network: Pick<Network, "connect">,
    { host, port, password }: AskedNode,
  ): Promise<NodeLink> {
    const link = new NodeLink(await network.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS }));
    if (password === undefined) return link;
    const reply = await link.call(["AUTH", password]);
    if (!isFailure(reply)) return link;
    link.close();
    throw new StoreError("IO", "not-applied", "the node does not take this password");
  }

  private constructor(connection: Connection) {
    this.#connection = connection;
    connection.start({
      onBytes: (bytes, length) => this.#onBytes(bytes, length),
      onDrain: () => undefined,
      onEnd: () => this.close(),
      onClose: () => this.#break("the connection broke"),
    });
  }

  /** True once it is of no use any more. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Rejects with StoreError IO, unknown, if the connection breaks before the reply is there. */
  call(words: readonly (string | Uint8Array)[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#connection.write(encodeCall(words));
    });
  }

  close(): void {
    this.#connection.destroy();
    this.#break("the node has hung up");
  }

  #onBytes(bytes: Uint8Array, length: number): void {
    this.#decoder.feed(bytes, length);
    while (this.#decoder.next()) this.#waiting.shift()?.resolve(this.#decoder.reply);
    this.#decoder.park();
    if (this.#decoder.error !== "")
      this.#break(`what answers there does not speak RESP: ${this.#decoder.error}`);
  }

  #break(reason: string): void {
    this.#isBroken = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new StoreError("IO", "unknown", reason));
  }
}
