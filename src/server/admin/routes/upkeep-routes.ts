/** What one does to look after a node: see what was slow, have copies compared, make a backup. */
import { SLOT_COUNT } from "../../../ring/slot.ts";
import { AdminError, type AdminRoute, bodyOf, json } from "../admin-route.ts";

const slowLog: AdminRoute = {
  method: "get",
  path: "/api/slowlog",
  summary: "The latest slow commands, newest first, with the phases that they spent their time in.",
  answer: ({ server }) =>
    json(
      server.slowLog.calls.map(({ id, at, micros, phases, args, peer, clientName }) => {
        return { id, atMs: at * 1000, totalUs: micros, phases, command: args, client: clientName || peer };
      }),
    ),
};

const repair: AdminRoute = {
  method: "post",
  path: "/api/repair",
  summary:
    "Begins to compare this node's copies with the other replicas', and to mend what differs: KV.REPAIR START.",
  body: { slots: "[first, last]; all if not given" },
  failures: { 400: "no such slots", 409: "the node is alone", 503: "a repair runs already, or slots move" },
  answer: async ({ server }, request) => {
    const { cluster } = server.node;
    if (cluster === undefined)
      throw new AdminError(409, "ALONE", "this node is alone: nobody to compare with");
    const { slots = [0, SLOT_COUNT - 1] } = await bodyOf(request);
    const [first, last] = Array.isArray(slots) ? slots : [];
    const isSlot = (slot: unknown): slot is number =>
      Number.isInteger(slot) && (slot as number) >= 0 && (slot as number) < SLOT_COUNT;
    if (!isSlot(first) || !isSlot(last) || first > last)
      throw new AdminError(
        400,
        "INVALID_REQUEST",
        `slots must be [first, last], from 0 to ${SLOT_COUNT - 1}`,
      );
    const run = cluster.repair.begin({ first, last });
    run.end.catch((cause: unknown) => server.logger.warn({ cause }, "a repair broke off"));
    return json({ begun: true });
  },
};

/** A path could lie anywhere on the node's machine. */
const CHECKPOINT_NAME = /^[A-Za-z0-9][\w.-]{0,127}$/;

const checkpoint: AdminRoute = {
  method: "post",
  path: "/api/checkpoint",
  summary: "Makes a copy of all data as it is now, beside the data, and answers where: KV.CHECKPOINT name.",
  body: { name: "of the copy; by the time if not given" },
  failures: { 400: "no name for a copy", 409: "nothing is on disk here", 503: "it could not be made" },
  answer: async ({ server }, request) => {
    const { disk } = server.node;
    if (disk === undefined) throw new AdminError(409, "IN_MEMORY", "this node keeps nothing on disk");
    const { name } = await bodyOf(request);
    if (name !== undefined && (typeof name !== "string" || !CHECKPOINT_NAME.test(name)))
      throw new AdminError(400, "INVALID_REQUEST", "name must be of letters, digits, dots, dashes");
    return json({ path: await disk.checkpoints.create(name) });
  },
};

export const UPKEEP_ROUTES: readonly AdminRoute[] = [slowLog, repair, checkpoint];
