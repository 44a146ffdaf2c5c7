/** Until when a session goes on running what it has received. */
import type { Logger } from "../base/logger.ts";
import type { Clock } from "../runtime/runtime.ts";
import { NO_REPLY } from "./command-shape.ts";

/** Replies waiting in this process beyond which it stops until its reader catches up. */
const UNSENT_BYTES_PAUSE = 1024 * 1024;

/** How long its requests may keep all others waiting, unless it is a single one that takes longer. */
export const TURN_MICROS_MAX = 10_000;

interface Reader {
  readonly connection: { readonly unsentBytes: number; readonly peer: string };
  kill(): void;
}

interface ReaderHost {
  readonly limits: { readonly unsentBytesMax: number };
  readonly logger: Logger;
  readonly statistics: { outputLimitCloses: number };
}

/** True if it should stop until its reader catches up; one that is too far behind for that is closed. */
export function isBehind(session: Reader, { limits, logger, statistics }: ReaderHost): boolean {
  const { unsentBytes, peer } = session.connection;
  if (unsentBytes <= UNSENT_BYTES_PAUSE) return false;
  if (unsentBytes <= limits.unsentBytesMax) return true;
  logger.warn({ client: peer, unsentBytes }, "closed: it does not read its replies");
  statistics.outputLimitCloses++;
  session.kill();
  return false;
}

/** Resolves when all who wait have had their turn. */
export function othersHad(clock: Pick<Clock, "defer">): Promise<typeof NO_REPLY> {
  return new Promise((resolve) => clock.defer(() => resolve(NO_REPLY)));
}
