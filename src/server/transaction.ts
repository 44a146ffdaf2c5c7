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
import { type Answer, CommandError, type CommandFlag } from "./command-shape.ts";
import { type Call, ownArguments } from "./command-table.ts";
import { databaseArgument } from "./database-argument.ts";
import { KeptArguments } from "./kept-arguments.ts";
import { keyRefsOf } from "./key-refs.ts";

const RUNS_AT_ONCE = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);
/** What a call and each of its arguments take besides their bytes. */
const CALL_BYTES = 150;
const ARGUMENT_BYTES = 100;
/** Of more there is one copy for all. */
const ARGUMENTS_MAX = 16;
const QUEUED = simple("QUEUED");

export class Transaction<S = never> {
  readonly #calls: Call<S>[] = [];
  readonly #arguments = new KeptArguments();
  #isSpoilt = false;
  #queuedBytes = 0;

  /** True once a command was refused while queueing. */
  get isSpoilt(): boolean {
    return this.#isSpoilt;
  }

  get callCount(): number {
    return this.#calls.length;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** False for the commands that end or describe the transaction itself. */
  queues(call: Call<S>): boolean {
    return !RUNS_AT_ONCE.has(call.entry.command.name);
  }

  /** The call's arguments may lie in the request. */
  enqueue(call: Call<S>): Reply {
    if (!this.#isSpoilt) {
      const { entry, args } = call;
      this.#calls.push({
        entry,
        args: args.length <= ARGUMENTS_MAX ? this.#arguments.keep(args) : ownArguments(args),
      });
      this.#queuedBytes += CALL_BYTES;
      for (const arg of call.args) this.#queuedBytes += arg.length + ARGUMENT_BYTES;
    }
    return QUEUED;
  }

  spoil(): void {
    this.#isSpoilt = true;
  }

  /** True if any of its commands has the flag. */
  has(flag: CommandFlag): boolean {
    return this.#calls.some(({ entry }) => entry.command.flags.includes(flag));
  }

  /** Its calls, and the database in which each will run, if it begins in `database`. */
  placedCalls(database: number): readonly { readonly call: Call<S>; readonly database: number }[] {
    let selected = database;
    return this.#calls.map((call) => {
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
    for (const { entry, args } of this.#calls) {
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

  /** Runs its calls one after the other, each `within` the replica's transaction, and shows `add` each answer. */
  run(
    within: Within,
    call: (call: Call<S>) => Answer | Promise<Answer>,
    add: (answer: Answer) => void,
  ): Awaitable<void> {
    const runFrom = (start: number): Awaitable<void> => {
      for (let i = start; i < this.#calls.length; i++) {
        const answer = within(() => call(this.#calls[i]!));
        if (answer instanceof Promise) {
          return answer.then((late) => {
            add(late);
            return runFrom(i + 1);
          });
        }
        add(answer);
      }
    };
    return runFrom(0);
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
