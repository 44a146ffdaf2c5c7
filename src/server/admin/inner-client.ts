/**
 * A client that lives inside its server: it runs a command exactly as one that came over the network would be, with the same
 * refusals, counts and waits for the disk and other nodes. One call, one session.
 */
import { utf8 } from "../../base/bytes.ts";
import type { Reply } from "../../resp/reply.ts";
import { ReplyDecoder } from "../../resp/reply-decoder.ts";
import type { Connection } from "../../runtime/runtime.ts";
import type { Server } from "../server.ts";
import { Session } from "../session.ts";

/** No client that came from outside has it. */
const SESSION_ID = 0;
const NAME = "admin";

/** Resolves to the reply, which may be a failure. Whoever calls has already shown that they may. */
export async function callServer(
  server: Server,
  args: readonly (string | Uint8Array)[],
): Promise<Reply | undefined> {
  const decoder = new ReplyDecoder();
  let session: Session<Server> | undefined;
  try {
    return await new Promise((resolve) => {
      const connection = innerConnection((bytes) => {
        decoder.feed(bytes, bytes.length);
        if (decoder.next()) resolve(decoder.reply);
        decoder.park();
      });
      session = new Session<Server>(server, connection, SESSION_ID);
      session.authenticate();
      const request = encodeCall(args);
      session.onBytes(request, request.length);
    });
  } finally {
    session?.kill();
  }
}

function innerConnection(onWrite: (bytes: Uint8Array) => void): Connection {
  return {
    peer: NAME,
    local: NAME,
    unsentBytes: 0,
    start: () => undefined,
    write(bytes) {
      onWrite(bytes);
      return true;
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  };
}

function encodeCall(args: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = args.flatMap((argument) => {
    const bytes = typeof argument === "string" ? utf8(argument) : argument;
    return [utf8(`$${bytes.length}\r\n`), bytes, utf8("\r\n")];
  });
  return Buffer.concat([utf8(`*${args.length}\r\n`), ...parts]);
}
