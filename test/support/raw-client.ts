/** A client that sends whatever it is told and gives replies back as the bytes they are. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { replyEnd } from "./reply-end.ts";

/** A command's name and arguments. Text stands for its Latin-1 bytes: one character, one byte. */
export type Call = readonly (string | Uint8Array)[];

export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #isClosed = false;

  /** Resolves when connected. */
  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay();
    await once(socket, "connect");
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake?.();
    });
    socket.on("error", () => undefined); // "close" follows, and says enough
  }

  /** Sends the calls at once and resolves to their replies, in order. Rejects if the server hangs up first. */
  send(calls: readonly Call[]): Promise<Buffer[]> {
    return this.sendBytes(Buffer.concat(calls.map(encodeCall)), calls.length);
  }

  /** As `send`, of bytes as they are: for requests that are none. */
  async sendBytes(bytes: Uint8Array, replyCount: number): Promise<Buffer[]> {
    this.#socket.write(bytes);
    const replies: Buffer[] = [];
    while (replies.length < replyCount) replies.push(await this.#next());
    return replies;
  }

  async call(...call: Call): Promise<Buffer> {
    const [reply] = await this.send([call]);
    return reply!;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const end = replyEnd(this.#received, 0);
      if (end !== undefined) {
        const reply = this.#received.subarray(0, end);
        this.#received = this.#received.subarray(end);
        return reply;
      }
      if (this.#isClosed) throw new Error("the server closed the connection");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

export function encodeCall(call: Call): Buffer {
  const parts = [Buffer.from(`*${call.length}\r\n`, "latin1")];
  for (const argument of call) {
    const bytes = Buffer.from(argument as string, "latin1");
    parts.push(Buffer.from(`$${bytes.length}\r\n`, "latin1"), bytes, Buffer.from("\r\n", "latin1"));
  }
  return Buffer.concat(parts);
}
