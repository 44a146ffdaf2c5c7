/**
 * `KEYS pattern` -> the keys that match. Other clients are served meanwhile: where they write, the reply is that of
 * no single moment.
 */
import { whenReady } from "../../base/awaitable.ts";
import { isLiteralGlob, unescapeGlob } from "../../base/glob.ts";
import type { Reply } from "../../resp/reply.ts";
import { KEY_BYTES_MAX } from "../../storage/row-key.ts";
import type { Session, SessionCommand } from "../command.ts";
import { KeySearch } from "../key-search.ts";

export const keys: SessionCommand = {
  name: "keys",
  kind: "session",
  arity: 2,
  flags: ["readonly"],
  group: "generic",
  since: "1.0.0",
  summary: "Answers all keys that match a pattern.",
  complexity: "O(N) with N keys in the database; O(1) for a pattern without * ? [",
  syntax: "pattern",
  run(session, args) {
    const pattern = args[1]!;
    if (isLiteralGlob(pattern)) return find(session, unescapeGlob(pattern));
    const { database, consistency, server } = session;
    if (server.clusterDoor !== undefined) {
      return server.clusterDoor.database.matching(database, consistency, pattern);
    }
    const search = new KeySearch(session, { pattern, from: 0, rowsMax: Number.POSITIVE_INFINITY });
    return whenReady(search.run(), () => search.keys.reply());
  },
};

function find({ server, database, consistency }: Session, key: Uint8Array): Reply | Promise<Reply> {
  if (key.length > KEY_BYTES_MAX) return [];
  if (server.clusterDoor !== undefined) {
    const views = server.clusterDoor.keys.views([{ database, key }], consistency);
    return views.then(([view]) => (view!.value === undefined ? [] : [key]));
  }
  const options = { wallMs: server.wallMs, touch: false };
  return server.node.replica.read({ database, key }, options, ({ value }) =>
    value === undefined ? [] : [key],
  );
}
