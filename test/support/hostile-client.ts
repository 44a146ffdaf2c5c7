/** A client that keeps to no rules: sends any bytes, reads or not, ends or breaks off when it likes. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { replyEnd } from "./reply-end.ts";

export class HostileClient {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #receivedBytes = 0;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** Resolves when connected. */
  static async connect(port: number): Promise<HostileClient> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    await once(socket, "connect");
    return new HostileClient(socket);
  }

  /** So many at once, a few at a time, since only so many fit into the queue of those to be accepted. */
  static async connectMany(port: number, count: number): Promise<HostileClient[]> {
    const clients: HostileClient[] = [];
    while (clients.length < count) {
      const few = Array.from({ length: Math.min(100, count - clients.length) }, () =>
        HostileClient.connect(port),
      );
      clients.push(...(await Promise.all(few)));
    }
    return clients;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#receivedBytes += chunk.length;
      this.#wake();
    });
    const onOver = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    socket.on("end", onOver);
    socket.on("close", onOver);
    socket.on("error", () => undefined); // "close" follows
  }

  /** True once the server will say no more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Resolves when the bytes have left this process, or cannot any more. */
  send(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes as string, "latin1", () => resolve());
    });
  }

  /** Sends the same bytes over and over until the server closes the connection. */
  async sendForever(bytes: Uint8Array): Promise<void> {
    while (!this.#socket.destroyed) await this.send(bytes);
  }

  /** Says that nothing more will be sent, and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks off: the server sees a reset. */
  breakOff(): void {
    this.#socket.resetAndDestroy();
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  /** Resolves to the next bytes, exactly so many. Rejects if the server closes before. */
  async receive(byteCount: number): Promise<Buffer> {
    while (this.#receivedBytes < byteCount) {
      if (this.#isOver)
        throw new Error(`the server closed after ${JSON.stringify(this.#all().toString("latin1"))}`);
      await this.#change();
    }
    const all = this.#all();
    this.#chunks = [all.subarray(byteCount)];
    this.#receivedBytes -= byteCount;
    return all.subarray(0, byteCount);
  }

  /** Resolves to all that the server says until it closes the connection, which it does now or never. */
  async rest(): Promise<string> {
    while (!this.#isOver) await this.#change();
    this.#socket.destroy();
    return this.#all().toString("latin1");
  }

  #all(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The replies that `text` consists of. Throws if it ends in a part of one. */
export function wholeReplies(text: string): string[] {
  const bytes = Buffer.from(text, "latin1");
  const replies: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = replyEnd(bytes, at);
    if (end === undefined) throw new Error(`no whole reply: ${JSON.stringify(text.slice(at, at + 200))}`);
    replies.push(text.slice(at, end));
    at = end;
  }
  return replies;
}
