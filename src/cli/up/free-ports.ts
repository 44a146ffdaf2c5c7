/** Ports of this machine that nobody listens on just now, for nodes that listen on three each. */
import type { Network } from "../../runtime/runtime.ts";
import { ADMIN_PORT_STEP } from "../../server/admin/admin-port.ts";
import { isPortTaken } from "../start-failure.ts";
import { PEER_PORT_STEP } from "./up-plan.ts";

const PORTS_TRIED_MAX = 200;
export const FIRST_PORT_MAX = 65_535 - PEER_PORT_STEP;

/**
 * The first `count` ports from `first` on that are free on `host`, and free on loopback for other nodes and for people, each some steps above;
 * fewer if there are no more. Somebody else may take them at once. Rejects with StoreError IO if `host` is no
 * address of this machine.
 */
export async function freePorts(
  network: Pick<Network, "listen">,
  { host, first, count }: { readonly host: string; readonly first: number; readonly count: number },
): Promise<readonly number[]> {
  const found: number[] = [];
  const last = Math.min(first + PORTS_TRIED_MAX, FIRST_PORT_MAX);
  for (let port = first; port <= last && found.length < count; port++) {
    const isFree =
      (await isFreeAt(network, host, port)) &&
      (await isFreeAt(network, "127.0.0.1", port + PEER_PORT_STEP)) &&
      (await isFreeAt(network, "127.0.0.1", port + ADMIN_PORT_STEP));
    if (isFree) found.push(port);
  }
  return found;
}

async function isFreeAt(network: Pick<Network, "listen">, host: string, port: number): Promise<boolean> {
  try {
    const listener = await network.listen({ host, port }, (connection) => connection.destroy());
    await listener.close();
    return true;
  } catch (cause) {
    if (isPortTaken(cause)) return false;
    throw cause;
  }
}
