/**
 * Runs commands on keys in a cluster: any node serves any key.
 *
 *   reads                       from here, by as many replicas as the level asks for
 *   writes, keys of one slot    at a replica of it: here, if this node is one, else forwarded whole
 *   writes, several slots       see scattered-write.ts: each key's change is atomic, all together are not
 *
 * A write that looks at what is there (INCR, SET with NX) is brought up to date by its read level first; one that does not
 * is made on what its replica has.
 */
import { assert } from "../../base/assert.ts";
import { type Awaitable, whenReady } from "../../base/awaitable.ts";
import { StoreError } from "../../base/errors.ts";
import { mapBounded } from "../../base/map-bounded.ts";
import { NEVER } from "../../causality/cell.ts";
import { keyspacesOf } from "../../membership/keyspaces.ts";
import type { Topology } from "../../membership/topology.ts";
import type { WriteOptions } from "../../replication/coordinator.ts";
import { DOOR_METHOD, decodeForwardAnswer, encodeForward } from "../../replication/forward-message.ts";
import { byNewestPlan, type PlanSource } from "../../replication/newest-plan.ts";
import type { Overwrite } from "../../replication/overwrites.ts";
import { type KeyRef, type KeyView, ownReply } from "../../replication/step.ts";
import { versionOf, type Watch } from "../../replication/watch-board.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Request } from "../../resp/request.ts";
import { slotOf } from "../../ring/slot.ts";
import type { CommandEnvironment, Effect, UpdateCommand, UpdateManyCommand } from "../command-shape.ts";
import { runUpdate, runUpdateMany } from "../default-expiry.ts";
import { keyRefsOf } from "../key-refs.ts";
import { type AskedLevels, isLocal, levelsFor } from "./consistency.ts";
import {
  asSent,
  commonSlot,
  distinctRefs,
  encodedReply,
  isBlind,
  type KeyedCall,
  type KeyedOutcome,
  withExpirySaid,
} from "./keyed-call.ts";
import { PlannedLevels } from "./planned-levels.ts";
import { type ClusterKeysParts, ScatteredWrite } from "./scattered-write.ts";

/** Keys of one request that are read at a time. */
const READS_AT_ONCE = 64;

export class ClusterKeys {
  readonly #parts: ClusterKeysParts;
  readonly #scattered: ScatteredWrite;
  /** By which requests are made again that meet a newer plan. */
  readonly plans: PlanSource;
  /** What requests of one key have been asked for last. */
  #planned: PlannedLevels | undefined;

  constructor(parts: ClusterKeysParts) {
    const { view, renewPlan } = parts.cluster;
    this.#parts = parts;
    this.plans = { cluster: view, renewPlan, isOnce: true };
    this.#scattered = new ScatteredWrite(parts, (refs, asked) => this.views(refs, asked));
  }

  /** Throws or rejects with StoreError or CommandError. */
  run(call: KeyedCall): Awaitable<KeyedOutcome> {
    const { command, args, database, asked } = call;
    const environment = this.#environmentOf(call);
    const refs = keyRefsOf(command, args, database);
    switch (command.kind) {
      case "read":
        return whenReady(this.#view(refs[0]!, asked), (view) =>
          unwritten(command.run(view, args, environment)),
        );
      case "read-many":
        return this.views(refs, asked).then((views) => unwritten(command.run(views, args, environment)));
      case "update":
      case "update-many":
        if (call.sentHere !== undefined) return this.#write(call, command, refs); // whoever sent it tries again
        return byNewestPlan(this.plans, () => this.#write(call, command, refs));
    }
  }

  /**
   * Hot: a promise of OK of a request that is a plain overwrite; undefined, with nothing done, if the general way must run
   * it. Throws StoreError, not applied.
   */
  overwrite(overwrite: Overwrite, asked: AskedLevels): Promise<Reply> | undefined {
    const { topology, coordinator } = this.#parts.cluster;
    const planned = this.#plannedFor(topology, asked);
    const { request, expiresAtMs, wallMs } = overwrite;
    const how = planned.of(request);
    if (how.ttlMs === 0 || expiresAtMs !== NEVER) return coordinator.overwrite<Reply>(overwrite, how, OK);
    return coordinator.overwrite<Reply>({ ...overwrite, expiresAtMs: wallMs + how.ttlMs }, how, OK);
  }

  /** Hot: true if a read of the request's second argument needs no other node. */
  isHere(request: Request, asked: AskedLevels): boolean {
    const { topology, coordinator } = this.#parts.cluster;
    const { bytes, starts, ends } = request;
    const { readLevel } = this.#plannedFor(topology, asked).of(request);
    return coordinator.isEnough(slotOf(bytes, starts[1], ends[1]), readLevel);
  }

  #plannedFor(topology: Topology, asked: AskedLevels): PlannedLevels {
    let planned = this.#planned;
    if (planned === undefined || planned.topology !== topology || planned.asked !== asked) {
      planned = new PlannedLevels(topology, asked);
      this.#planned = planned;
    }
    return planned;
  }

  /** What GET answers. Throws or rejects with StoreError. */
  value(ref: KeyRef, asked: AskedLevels): Awaitable<Reply> {
    return whenReady(this.#view(ref, asked), ({ value }) => value ?? null);
  }

  /** All the keys as their level's replicas have them, each at a moment of its own. */
  views(refs: readonly KeyRef[], asked: AskedLevels): Promise<KeyView[]> {
    return mapBounded(refs, READS_AT_ONCE, async (ref) => this.#view(ref, asked));
  }

  /** Remembers the key as it is now: see WatchList. */
  async watch(ref: KeyRef, wallMs: number, asked: AskedLevels): Promise<Watch> {
    const { cell } = await this.#view(ref, asked);
    return { ref, version: versionOf(cell, wallMs), hash: 0, isWritten: false };
  }

  keepsSlot(slot: number): boolean {
    const { view } = this.#parts.cluster;
    return view.replicasOf(slot).some(({ id }) => id === view.self.id);
  }

  /** Throws StoreError, not applied. Requires: nothing has been changed. */
  requireKept(slot: number): void {
    if (!this.keepsSlot(slot)) throw notKept(slot);
  }

  /** The options of a write of keys whose first one this is. */
  writeOptions(key: Uint8Array, asked: AskedLevels, isBlindWrite: boolean): WriteOptions {
    const { read, write, isSloppy } = levelsFor(this.#parts.cluster.topology, key, asked);
    return { level: write, isSloppy, readLevel: isBlindWrite || read === "one" ? undefined : read };
  }

  /** See Forwarding. */
  isLocal(key: Uint8Array | undefined, asked: AskedLevels): boolean {
    return isLocal(levelsFor(this.#parts.cluster.topology, key, asked));
  }

  #view(ref: KeyRef, asked: AskedLevels): Awaitable<KeyView> {
    const { cluster, replica } = this.#parts;
    const { read } = levelsFor(cluster.topology, ref.key, asked);
    return whenReady(cluster.coordinator.read(ref, read, same), (view) => replica.lookups.count(view));
  }

  #write(
    call: KeyedCall,
    command: UpdateCommand | UpdateManyCommand,
    refs: readonly KeyRef[],
  ): Promise<KeyedOutcome> {
    const slot = commonSlot(refs);
    if (slot === undefined) return this.#scattered.run({ ...call, command: asMany(command) }, refs);
    if (!this.keepsSlot(slot)) return this.#forward(call, slot, refs);
    const options = {
      ...this.writeOptions(refs[0]!.key, call.asked, isBlind(call)),
      isRepeatable: call.sentHere?.stamp !== undefined,
    };
    return refs.length === 1
      ? this.#writeOne(call, command, refs[0]!, options)
      : this.#writeHere(call, asMany(command), refs, options);
  }

  #writeOne(
    call: KeyedCall,
    command: UpdateCommand | UpdateManyCommand,
    ref: KeyRef,
    options: WriteOptions,
  ): Promise<KeyedOutcome> {
    const environment = this.#environmentOf(call);
    const run = (view: KeyView): Effect => {
      const { args } = call;
      if (command.kind === "update") return runUpdate(command, view, args, { key: ref.key, environment });
      const { reply, changes } = runUpdateMany(command, [view], args, { refs: [ref], environment });
      return { reply, change: changes[0] };
    };
    const step = (view: KeyView): Effect => {
      const effect = owning(run(view));
      return { ...effect, change: asSent(effect.change, 0, call.sentHere) };
    };
    return this.#parts.cluster.coordinator.update(ref, options, step);
  }

  /** Several keys of one slot that this node keeps: all at once here, then each at its replicas. */
  #writeHere(
    call: KeyedCall,
    command: UpdateManyCommand,
    refs: readonly KeyRef[],
    options: WriteOptions,
  ): Promise<KeyedOutcome> {
    const { cluster, replica } = this.#parts;
    const environment = this.#environmentOf(call);
    return cluster.coordinator.updateAll(distinctRefs(refs), options, () =>
      replica.updateMany(refs, call.wallMs, (views) => {
        this.requireKept(slotOf(refs[0]!.key));
        const { reply, changes } = runUpdateMany(command, views, call.args, { refs, environment });
        const sent = changes.map((change, i) => asSent(change, i, call.sentHere));
        return { reply: ownReply(reply), changes: sent };
      }),
    );
  }

  async #forward(call: KeyedCall, slot: number, refs: readonly KeyRef[]): Promise<KeyedOutcome> {
    if (call.sentHere !== undefined) throw notKept(slot);
    const { cluster, forwarder, stamper } = this.#parts;
    const { database, protocol, asked, wantsReceipt, wallMs } = call;
    const { args, isStampable } = withExpirySaid(call, keyspacesOf(cluster.topology));
    const request = { epoch: cluster.view.epoch, database, protocol, ...asked, wantsReceipt, args };
    const answer = await forwarder.ask({
      slot,
      method: DOOR_METHOD.forward,
      encode: (timeoutMs) => encodeForward({ ...request, timeoutMs }),
      wallMs,
      stamp: isStampable ? () => stamper.relayStamp(refs.length, wallMs) : undefined,
      isLocal: this.isLocal(refs[0]!.key, asked),
    });
    const { reply, receipt } = decodeForwardAnswer(answer);
    return { reply: encodedReply(reply), receipt };
  }

  #environmentOf({ wallMs, database }: KeyedCall): CommandEnvironment {
    const { settings, cluster } = this.#parts;
    const keyspaces = keyspacesOf(cluster.topology);
    return { wallMs, database, valueBytesMax: settings.valueBytesMax, keyspaces };
  }
}

/** What a door says that was sent something for a slot which is not its node's (any more). */
export function notKept(slot: number): StoreError {
  return new StoreError("STALE_PLAN", "not-applied", `this node keeps no copy of slot ${slot}`);
}

function same(view: KeyView): KeyView {
  return view;
}

function unwritten(reply: Reply): KeyedOutcome {
  return { reply, receipt: undefined };
}

/** The reply leaves later than the step's keys may change. */
function owning(effect: Effect): Effect {
  return { ...effect, reply: ownReply(effect.reply) };
}

function asMany(command: UpdateCommand | UpdateManyCommand): UpdateManyCommand {
  assert(command.kind === "update-many", "only such commands have several keys");
  return command;
}
