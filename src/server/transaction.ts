/**
 * MULTI: the calls that a session has queued. What it watches is in watch-list.ts.
 *
 * Invariant: a transaction whose queue was refused an entry never runs (EXECABORT).
 */
import type { Awaitable } from "../base/awaitable.ts";
import { DatabaseMap } from "../node/database-map.ts";
import type { Within } from "../replication/cell-store.ts";
import type { KeyRef } from "../replication/step.ts";
import { type Reply, simple } from "../resp/reply.ts";
import type { Request } from "../resp/request.ts";
import { type Answer, CommandError, type CommandFlag } from "./command-shape.ts";
import type { Call, CommandEntry } from "./command-table.ts";
import { databaseArgument } from "./database-argument.ts";
import { hasLongKeyInPlace, keyRefsOf } from "./key-refs.ts";
import { hasArity } from "./named-entry.ts";
import { QueuedCalls } from "./queued-calls.ts";

const RUNS_AT_ONCE = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);
/** Of every call that a transaction takes in. */
export const QUEUED = simple("QUEUED");

export class Transaction<S = never> {
  readonly calls: QueuedCalls<S>;
  #isSpoilt = false;

  /** `calls` has none, and is the transaction's own until it is over. */
  constructor(calls: QueuedCalls<S> = new QueuedCalls()) {
    this.calls = calls;
  }

  /** True once a command was refused while queueing. */
  get isSpoilt(): boolean {
    return this.#isSpoilt;
  }

  get callCount(): number {
    return this.calls.count;
  }

  get queuedBytes(): number {
    return this.calls.heldBytes;
  }

  /** False for the commands that end or describe the transaction itself. */
  queues(call: Call<S>): boolean {
    return !RUNS_AT_ONCE.has(call.entry.command.name);
  }

  /** The call's arguments may lie in the request. */
  enqueue(call: Call<S>): Reply {
    if (!this.#isSpoilt) this.calls.addCall(call);
    return QUEUED;
  }

  /** Hot: as `enqueue` of the request's call, if nothing is wrong with it; false, with nothing done, if that is not plain. */
  enqueueInPlace(entry: CommandEntry<S>, request: Request): boolean {
    const { command, isPlain } = entry;
    if (this.#isSpoilt || !isPlain || !hasArity(command, request.argCount)) return false;
    return !hasLongKeyInPlace(command, request) && this.calls.add(entry, request);
  }

  spoil(): void {
    this.#isSpoilt = true;
  }

  /** True if any of its commands has the flag. */
  has(flag: CommandFlag): boolean {
    for (let i = 0; i < this.calls.count; i++) {
      if (this.calls.entryAt(i).command.flags.includes(flag)) return true;
    }
    return false;
  }

  /** Its calls, and the database in which each will run, if it begins in `database`. */
  placedCalls(database: number): readonly { readonly call: Call<S>; readonly database: number }[] {
    let selected = database;
    return this.#all().map((call) => {
      const placed = { call, database: selected };
      if (call.entry.command.name === "select") selected = databaseOr(selected, call.args[1]!);
      return placed;
    });
  }

  /** All keys that it will touch, if it begins in `database`; databases by their numbers before it begins. */
  keyRefs(database: number): readonly KeyRef[] {
    const refs: KeyRef[] = [];
    let numbers: DatabaseMap | undefined;
    let selected = database;
    for (const { entry, args } of this.#all()) {
      const { command } = entry;
      if (command.name === "select") {
        selected = databaseOr(selected, args[1]!);
      } else if (command.name === "swapdb") {
        numbers ??= new DatabaseMap();
        swapIfBoth(numbers, args);
      } else {
        for (const ref of keyRefsOf(command, args, selected)) {
          refs.push(
            numbers === undefined ? ref : { database: numbers.physicalOf(ref.database), key: ref.key },
          );
        }
      }
    }
    return refs;
  }

  /** Lets `run` run its calls by number, one after the other, `within` the replica's transaction, and shows `add` each answer. */
  run(
    within: Within,
    run: (i: number) => Answer | Promise<Answer>,
    add: (answer: Answer) => void,
  ): Awaitable<void> {
    let next = 0;
    const runOn = (): Promise<Answer> | undefined => {
      while (next < this.calls.count) {
        const answer = run(next++);
        if (answer instanceof Promise) return answer;
        add(answer);
      }
      return undefined;
    };
    const goOn = (): Awaitable<void> =>
      within(runOn)?.then((late) => {
        add(late);
        return goOn();
      });
    return goOn();
  }

  #all(): Call<S>[] {
    return Array.from({ length: this.calls.count }, (_, i) => this.calls.at(i));
  }
}

/** A bad number is refused when its command runs. */
function databaseOr(otherwise: number, argument: Uint8Array): number {
  try {
    return databaseArgument(argument);
  } catch (cause) {
    if (cause instanceof CommandError) return otherwise;
    throw cause;
  }
}

function swapIfBoth(numbers: DatabaseMap, args: readonly Uint8Array[]): void {
  const first = databaseOr(-1, args[1]!);
  const second = databaseOr(-1, args[2]!);
  if (first >= 0 && second >= 0) numbers.swap(first, second);
}
