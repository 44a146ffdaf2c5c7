/**
 * A loopback port that nobody listens on just now, and that was not given before. It is none of those that systems
 * give by themselves (from 32768 on): there any outgoing connection, even a minute after its end, may take it before
 * whoever asked begins to listen, or while a node is down that is to come back.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Above the last port that fetch and browsers refuse, 10080. */
const FIRST_PORT = 11_000;
const END_PORT = 32_768;

const given = new Set<number>();

/** `room`: so many ports above it are none that systems give, either. */
export async function freePort({ room = 0 }: { readonly room?: number } = {}): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, END_PORT - room);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
