/** A loopback port that nobody listens on just now, and that was not given before. */
import { once } from "node:events";
import { createServer } from "node:net";

/** The system is quick to give a port again, to somebody who has not begun to listen on it. */
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = await unusedPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
