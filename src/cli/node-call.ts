/** Asks a running node over RESP, as any client would: one connection, a few calls, one reply each. */

import { utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Reply } from "../resp/reply.ts";
import { ReplyDecoder } from "../resp/reply-decoder.ts";
import type { Network } from "../runtime/runtime.ts";

const CONNECT_TIMEOUT_MS = 5_000;

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Resolves to the replies, in order, however long they take. Rejects with StoreError IO. */
export async function callNode(
  network: Pick<Network, "connect">,
  address: NodeAddress,
  calls: readonly (readonly string[])[],
): Promise<readonly Reply[]> {
  const connection = await network.connect({ ...address, timeoutMs: CONNECT_TIMEOUT_MS });
  const decoder = new ReplyDecoder();
  const replies: Reply[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => reject(new StoreError("IO", "unknown", reason));
      connection.start({
        onBytes(bytes, length) {
          decoder.feed(bytes, length);
          while (decoder.next()) replies.push(decoder.reply);
          if (replies.length >= calls.length) resolve();
          else if (decoder.error !== "") fail(`what answers there does not speak RESP: ${decoder.error}`);
          decoder.park();
        },
        onDrain: () => undefined,
        onEnd: () => fail("it hung up before it answered"),
        onClose: (cause) =>
          fail(`the connection broke before it answered${cause ? `: ${cause.message}` : ""}`),
      });
      connection.write(Buffer.concat(calls.map(encodeCall)));
    });
  } finally {
    connection.destroy();
  }
  return replies;
}

function encodeCall(call: readonly string[]): Uint8Array {
  const parts = call.map((argument) => {
    const bytes = utf8(argument);
    return Buffer.concat([utf8(`$${bytes.length}\r\n`), bytes, utf8("\r\n")]);
  });
  return Buffer.concat([utf8(`*${call.length}\r\n`), ...parts]);
}
