/** `RANDOMKEY` -> a key, each as likely as any other as long as no slot holds very many; null if there is none. */
import { type Awaitable, whenReady } from "../../base/awaitable.ts";
import { POSITION_COUNT } from "../../storage/row-key.ts";
import type { Session, SessionCommand } from "../command.ts";

/** Rows that may have expired are tried so often. */
const TRIES_MAX = 100;
/** In a slot of more rows a random position is good enough. */
const COUNTED_ROWS_MAX = 256;

export const randomkey: SessionCommand = {
  name: "randomkey",
  kind: "session",
  arity: 1,
  flags: ["readonly"],
  group: "generic",
  since: "1.0.0",
  summary: "Answers one of the keys, by chance.",
  complexity: "O(1)",
  run: (session) =>
    session.server.clusterDoor?.database.randomKey(session.database) ??
    whenReady(tryToFind(session, TRIES_MAX), (key) => key ?? null),
};

function tryToFind(session: Session, triesLeft: number): Awaitable<Uint8Array | undefined> {
  const { rows } = session.server.node.counts(session.database);
  if (rows === 0 || triesLeft === 0) return undefined;
  return whenReady(pick(session, rows), (key) => key ?? tryToFind(session, triesLeft - 1));
}

/** The row with a random number, counted slot by slot; undefined if that has expired. */
function pick({ server, database }: Session, rowCount: number): Awaitable<Uint8Array | undefined> {
  const { random } = server.runtime;
  const { slot, before } = server.node.locateRow(database, random.below(rowCount));
  const isCounted = before < COUNTED_ROWS_MAX;
  const position = isCounted ? 0 : random.below(POSITION_COUNT);
  const step = {
    database,
    from: slot * POSITION_COUNT + position,
    rowsMax: isCounted ? before + 1 : 1,
    wallMs: server.wallMs,
  };
  let met: Uint8Array | undefined;
  const visit = (bytes: Uint8Array, start: number, end: number): void => {
    met = bytes.slice(start, end);
  };
  return whenReady(server.node.replica.walkKeys(step, visit), () => met);
}
