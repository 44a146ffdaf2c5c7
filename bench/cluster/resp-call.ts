/** One request to a RESP server, off every clock. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Reply } from "../../src/resp/reply.ts";
import { ReplyDecoder } from "../../src/resp/reply-decoder.ts";

export function encode(...args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`;
}

export async function call(port: number, ...args: readonly string[]): Promise<Reply> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const decoder = new ReplyDecoder();
  try {
    socket.write(encode(...args));
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      decoder.feed(bytes, bytes.length);
      if (decoder.next()) return decoder.reply;
      decoder.park();
    }
    throw new Error(`${args[0]}: hung up`);
  } finally {
    socket.destroy();
  }
}
