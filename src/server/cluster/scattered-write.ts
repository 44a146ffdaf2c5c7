/**
 * A write of keys in several slots: what is there is gathered, the step runs here, and each change is brought to a replica
 * of its key. Each key's change is atomic; together they are not: others may see some of them, and after a failure that
 * is unknown some are there.
 *
 * A change covers what the step has seen, so what was written to its key meanwhile stays beside it, as a sibling: nothing
 * is lost silently. Changes of a step that looks at nothing (MSET) cover what their replica has, as SET does.
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import { mapBounded } from "../../base/map-bounded.ts";
import { seenContext } from "../../causality/cell-write.ts";
import { keyspacesOf } from "../../membership/keyspaces.ts";
import { DOOR_METHOD, decodeForwardAnswer, encodeApplyChange } from "../../replication/forward-message.ts";
import type { LocalReplica } from "../../replication/local-replica.ts";
import type { Stamper } from "../../replication/stamper.ts";
import { type Change, type KeyRef, type KeyView, ownReply, viewOf } from "../../replication/step.ts";
import { weakest } from "../../replication/weakest-receipt.ts";
import type { Receipt } from "../../replication/write-quorum.ts";
import { slotOf } from "../../ring/slot.ts";
import { latin1 } from "../arguments.ts";
import type { UpdateManyCommand } from "../command-shape.ts";
import { runUpdateMany } from "../default-expiry.ts";
import { type AskedLevels, isLocal, levelsFor } from "./consistency.ts";
import type { Forwarder } from "./forwarder.ts";
import { isBlind, type KeyedCall, type KeyedOutcome } from "./keyed-call.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** What commands on keys need. */
export interface ClusterKeysParts {
  readonly cluster: ServedCluster;
  readonly replica: LocalReplica;
  readonly stamper: Stamper;
  readonly forwarder: Forwarder;
  readonly settings: { readonly valueBytesMax: number };
}

/** Changes of one request under way at a time. */
const CHANGES_AT_ONCE = 64;

interface PlacedChange {
  readonly ref: KeyRef;
  readonly change: Change;
}

type Applied = { readonly receipt: Receipt | undefined } | { readonly failure: StoreError };

export class ScatteredWrite {
  readonly #parts: ClusterKeysParts;
  readonly #gather: (refs: readonly KeyRef[], asked: AskedLevels) => Promise<KeyView[]>;

  constructor(
    parts: ClusterKeysParts,
    gather: (refs: readonly KeyRef[], asked: AskedLevels) => Promise<KeyView[]>,
  ) {
    this.#parts = parts;
    this.#gather = gather;
  }

  async run(
    call: KeyedCall & { readonly command: UpdateManyCommand },
    refs: readonly KeyRef[],
  ): Promise<KeyedOutcome> {
    const { command, args, asked, wallMs, database } = call;
    const looks = !isBlind(call);
    const views = looks ? await this.#gather(refs, asked) : refs.map(() => viewOf(undefined, wallMs));
    const { settings, cluster } = this.#parts;
    const keyspaces = keyspacesOf(cluster.topology);
    const environment = { wallMs, database, valueBytesMax: settings.valueBytesMax, keyspaces };
    const { reply, changes } = runUpdateMany(command, views, args, { refs, environment });
    const placed = lastChanges(
      refs,
      looks ? changes.map((change, i) => covering(change, views[i]!)) : changes,
    );
    const applied = await mapBounded(placed, CHANGES_AT_ONCE, (each) => this.#tryApply(each, call));
    return { reply: ownReply(reply), receipt: receiptOf(applied) };
  }

  #tryApply(each: PlacedChange, call: KeyedCall): Promise<Applied> {
    return this.#apply(each, call).then(
      (receipt) => ({ receipt }),
      (cause: unknown) => {
        if (cause instanceof StoreError) return { failure: cause };
        throw cause;
      },
    );
  }

  async #apply({ ref, change }: PlacedChange, { asked, wallMs }: KeyedCall): Promise<Receipt | undefined> {
    const { cluster, forwarder, stamper } = this.#parts;
    const { view, coordinator, topology } = cluster;
    const slot = slotOf(ref.key);
    if (view.replicasOf(slot).some(({ id }) => id === view.self.id)) {
      const { write: level, isSloppy } = levelsFor(topology, ref.key, asked);
      const step = () => ({ reply: undefined, change });
      return (await coordinator.update(ref, { level, isSloppy, readLevel: undefined }, step)).receipt;
    }
    const payload = encodeApplyChange({ epoch: view.epoch, ref, write: asked.write, change });
    const answer = await forwarder.ask({
      slot,
      method: DOOR_METHOD.applyChange,
      encode: () => payload,
      wallMs,
      isRepeatable: change.kind === "delete" && change.context !== undefined,
      isLocal: isLocal(levelsFor(topology, ref.key, asked)),
      stamp: isOverwrite(change) ? () => stamper.relayStamp(1, wallMs) : undefined,
    });
    return decodeForwardAnswer(answer).receipt;
  }
}

function isOverwrite(change: Change): boolean {
  return change.kind === "put" && change.context === undefined;
}

/** The change, saying what its step has seen. */
function covering(change: Change | undefined, { cell }: KeyView): Change | undefined {
  if (change === undefined) return undefined;
  assert(change.kind === "put" || change.kind === "delete", "steps of several keys put and delete");
  return { ...change, context: seenContext(cell) };
}

/** Of a key that is there twice, the last change. */
function lastChanges(
  refs: readonly KeyRef[],
  changes: readonly (Change | undefined)[],
): readonly PlacedChange[] {
  const placed = new Map<string, PlacedChange>();
  refs.forEach((ref, i) => {
    const change = changes[i];
    if (change !== undefined) placed.set(`${ref.database}:${latin1(ref.key)}`, { ref, change });
  });
  return [...placed.values()];
}

/** Throws StoreError if any has failed: not applied only if none is there. */
function receiptOf(applied: readonly Applied[]): Receipt | undefined {
  const failures = applied.flatMap((each) => ("failure" in each ? [each.failure] : []));
  const [first] = failures;
  if (first === undefined)
    return weakest(applied.map((each) => ("receipt" in each ? each.receipt : undefined)));
  const isNothingDone =
    failures.length === applied.length && failures.every(({ outcome }) => outcome === "not-applied");
  const text = `${failures.length} of ${applied.length} keys could not be written: ${first.message}`;
  throw new StoreError(first.code, isNothingDone ? "not-applied" : "unknown", text, { cause: first });
}
