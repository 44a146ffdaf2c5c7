/** Where the admin door of a node is, unless its settings say otherwise. Apart from the door: tools ask, too. */

/** From a node's port for clients to the one of its admin door. */
export const ADMIN_PORT_STEP = 1_000;
const PORT_MAX = 65_535;

/** Undefined where there is no such port. */
export function adminPortOf(port: number): number | undefined {
  return port + ADMIN_PORT_STEP <= PORT_MAX ? port + ADMIN_PORT_STEP : undefined;
}
