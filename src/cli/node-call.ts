/** Asks a running node over RESP, as any client would: one connection, a few calls, one reply each. */

import { StoreError } from "../base/errors.ts";
import type { Reply } from "../resp/reply.ts";
import { ReplyDecoder } from "../resp/reply-decoder.ts";
import type { Network } from "../runtime/runtime.ts";
import { encodeCall } from "./encoded-call.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const SILENT = "it does not answer";

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Resolves to the replies, in order, however long they take; or until `expiry` resolves, if it is given. Rejects with
 * StoreError IO.
 */
export function callNode(
  network: Pick<Network, "connect">,
  address: NodeAddress,
  calls: readonly (readonly string[])[],
  expiry?: Promise<unknown>,
): Promise<readonly Reply[]> {
  const answered = call(network, address, calls, expiry);
  if (expiry === undefined) return answered;
  const expired = expiry.then((): never => {
    throw new StoreError("IO", "unknown", SILENT);
  });
  return Promise.race([answered, expired]); // while it connects, nobody but the race can end it
}

async function call(
  network: Pick<Network, "connect">,
  address: NodeAddress,
  calls: readonly (readonly string[])[],
  expiry: Promise<unknown> | undefined,
): Promise<readonly Reply[]> {
  const connection = await network.connect({ ...address, timeoutMs: CONNECT_TIMEOUT_MS });
  const decoder = new ReplyDecoder();
  const replies: Reply[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => reject(new StoreError("IO", "unknown", reason));
      expiry?.then(
        () => fail(SILENT),
        () => undefined, // nobody needs it any more
      );
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
      connection.write(Buffer.concat(calls.map((words) => encodeCall(words))));
    });
  } finally {
    connection.destroy();
  }
  return replies;
}
