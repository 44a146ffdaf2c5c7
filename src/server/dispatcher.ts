/**
 * From a request to its reply: finds the command, refuses what may not run, runs the rest.
 * The order of refusals is Redis's, since clients see it. Hot as far as the fast path.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { StoreError } from "../base/errors.ts";
import type { Keyspaces } from "../membership/keyspaces.ts";
import type { StorageNode } from "../node/node.ts";
import type { NodeSettings } from "../node/settings.ts";
import type { LocalReplica } from "../replication/local-replica.ts";
import { ownReply } from "../replication/step.ts";
import type { Reply, TaggedReply } from "../resp/reply.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Request } from "../resp/request.ts";
import type { Clock } from "../runtime/runtime.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import { isHttp, latin1 } from "./arguments.ts";
import type { ClusterDoor } from "./cluster/cluster-door.ts";
import type { AskedLevels } from "./cluster/consistency.ts";
import {
  type Answer,
  CommandError,
  type KeyCommand,
  NO_REPLY,
  type RunnableCommand,
} from "./command-shape.ts";
import {
  type Call,
  type CommandEntry,
  type CommandTable,
  keepArguments,
  type TableItem,
} from "./command-table.ts";
import type { HotKeys } from "./hot-keys.ts";
import { hasLongKey } from "./key-refs.ts";
import { namedEntry } from "./named-entry.ts";
import type { Pause } from "./pause.ts";
import { noticingChanges, receiptOfOne, receiptReply } from "./receipt-reply.ts";
import { errorText } from "./refusal-text.ts";
import { argumentsIn } from "./request-arguments.ts";
import { runOnReplica } from "./run-on-replica.ts";
import { SlowLog } from "./slow-log.ts";
import type { Statistics } from "./statistics.ts";
import { TimedCalls } from "./timed-calls.ts";
import type { RequestTracing } from "./tracing/request-tracing.ts";
import { QUEUED, type Transaction } from "./transaction.ts";
import type { TurnTimes } from "./turn-times.ts";
import { waitPhase } from "./wait-phase.ts";

/** What the dispatcher has of a session. */
export interface DispatchedSession<S> {
  /** True where nothing about the session keeps a request from its fast path. */
  readonly isPlain: boolean;
  readonly isAuthenticated: boolean;
  readonly isClosed: boolean;
  readonly leavesNoTrace: boolean;
  readonly database: number;
  readonly protocol: 2 | 3;
  readonly consistency: AskedLevels;
  readonly transaction: Transaction<S> | undefined;
  readonly name: string;
  readonly connection: { readonly peer: string };
  isBlocked: boolean;
  lastCommandName: string;
  /** Forgets what is queued and what is watched. */
  discard(): void;
  /** Closes at once. */
  kill(): void;
}

/** What the dispatcher has of its server. */
export interface DispatcherDoor<S> {
  readonly runtime: { readonly clock: Pick<Clock, "monotonicMs" | "turnMs"> };
  readonly node: StorageNode;
  /** Undefined for a node alone. */
  readonly clusterDoor: ClusterDoor | undefined;
  readonly settings: Pick<NodeSettings, "valueBytesMax" | "fsync">;
  readonly commands: CommandTable<S>;
  readonly statistics: Statistics;
  readonly turn: Pick<TurnTimes<S>, "countRequest">;
  readonly hotKeys: Pick<HotKeys, "isDue" | "note">;
  readonly tracing: Pick<RequestTracing, "isDue" | "trace"> | undefined;
  readonly slowLog: SlowLog;
  /** False: nothing is timed that need not be. */
  readonly records: boolean;
  readonly pause: Pause;
  readonly writer: ReplyWriter;
  readonly wallMs: number;
  readonly keyspaces: Keyspaces;
  readonly allowsFastPaths: boolean;
  /** How long requests of the present turn took. */
  busyMicros: number;
  countFastCall(entry: CommandEntry<S>): void;
}

export interface KeyedOptions {
  /** Undefined levels are the keyspace's. */
  readonly asked: AskedLevels;
  readonly wantsReceipt: boolean;
}

/** A request of more arguments is timed by itself, whatever path it takes. */
const ARGUMENTS_TIMED_TOGETHER_MAX = 64;
/** What a refusal is reckoned to take, which is not timed. */
const REFUSAL_MICROS = 5;
const ENDS_TRANSACTION = new Set(["exec", "discard", "quit", "reset"]);

export class Dispatcher<S extends DispatchedSession<S>> {
  readonly #server: DispatcherDoor<S>;
  readonly #replica: LocalReplica;
  readonly #timedCalls: TimedCalls<S>;

  constructor(server: DispatcherDoor<S>) {
    this.#server = server;
    this.#timedCalls = new TimedCalls<S>(server, (entry, cause) => this.fail(entry, cause));
    this.#replica = server.node.replica;
  }

  /** Answers a request, at once where no disk is touched. Rejects only with what `refusal` understands. */
  dispatch(session: S, request: Request): Answer | Promise<Answer> {
    const { hotKeys, commands, turn, tracing } = this.#server;
    turn.countRequest();
    const item = commands.find(request.bytes, request.starts[0]!, request.ends[0]!);
    if (hotKeys.isDue()) hotKeys.note(item, request, session.database);
    if (tracing?.isDue() !== true) return this.#dispatch(session, item, request);
    const name = item === undefined ? "unknown" : latin1(item.name);
    return tracing.trace(name, undefined, () => this.#dispatch(session, item, request));
  }

  #dispatch(session: S, item: TableItem<S> | undefined, request: Request): Answer | Promise<Answer> {
    if (item?.kind === "command" && session.isPlain && this.#server.allowsFastPaths) {
      const { fastPath, clusterPath } = item.entry;
      const isAlone = this.#server.clusterDoor === undefined;
      const path = !isAlone ? clusterPath : item.entry.mayExpire(this.#server) ? undefined : fastPath;
      const isLong = request.argCount > ARGUMENTS_TIMED_TOGETHER_MAX;
      const startedMs = isLong ? this.#server.runtime.clock.monotonicMs() : 0;
      try {
        const answer = path?.(session, request, this.#server.writer) ?? false;
        if (answer instanceof Promise) return this.#timedCalls.time(session, item.entry, answer, request);
        if (answer !== false) {
          if (isLong) this.#countLong(session, item.entry, request, startedMs);
          else this.#server.countFastCall(item.entry);
          return NO_REPLY;
        }
      } catch (cause) {
        return this.#reject(item, cause);
      }
    }
    if (item?.kind === "command" && session.transaction !== undefined) {
      if (this.#queuePlainly(session, session.transaction, item.entry, request)) return QUEUED;
    }
    return this.#dispatchGeneral(session, item, request);
  }

  /** Hot: queues what may be queued at first sight. False, with nothing done: the general way must look at it. */
  #queuePlainly(session: S, transaction: Transaction<S>, entry: CommandEntry<S>, request: Request): boolean {
    if (!entry.isPlain || !session.isAuthenticated || !this.#server.node.makeRoom()) return false;
    return transaction.enqueueInPlace(entry, request);
  }

  /** What a client reads when something was thrown. Throws again what is a bug. */
  refusal(cause: unknown): Refusal {
    if (!(cause instanceof CommandError || cause instanceof StoreError)) throw cause;
    const text = cause instanceof CommandError ? cause.message : errorText(cause);
    return { kind: "failure", text };
  }

  #dispatchGeneral(session: S, item: TableItem<S> | undefined, request: Request): Answer | Promise<Answer> {
    const args = argumentsIn(request);
    if (item === undefined && isHttp(args[0]!)) {
      session.kill();
      return NO_REPLY;
    }
    try {
      const call: Call<S> = { entry: namedEntry(item, args), args };
      this.#admit(session, call);
      const { transaction } = session;
      const isQueued = transaction?.queues(call) === true;
      const isHeldBack = !isQueued && this.#isHeldBack(session, call);
      if (isQueued) return transaction!.enqueue(call);
      if (isHeldBack || mayNeedLater(call.entry.command)) keepArguments(call);
      return isHeldBack ? this.#afterPause(session, call) : this.call(session, call);
    } catch (cause) {
      session.transaction?.spoil();
      const refusal = this.#reject(item, cause);
      return isExec(item) ? abortTransaction(session, refusal) : refusal;
    }
  }

  /** Counts a call that the fast path took, but that may have been slow. */
  #countLong(session: S, entry: CommandEntry<S>, request: Request, startedMs: number): void {
    const micros = (this.#server.runtime.clock.monotonicMs() - startedMs) * 1000;
    this.#server.busyMicros += micros;
    this.#server.statistics.commands++;
    session.lastCommandName = entry.command.name;
    entry.calls++;
    if (!this.#server.records) return;
    entry.latency.record(micros);
    const { argCount } = request;
    this.#server.slowLog.record(session, argumentsIn(request, SlowLog.ARGUMENTS_MAX), { micros, argCount });
  }

  /** Counts a call that failed after its fast path had begun. */
  fail(entry: CommandEntry<S>, cause: unknown): Refusal {
    const refusal = this.refusal(cause);
    entry.failedCalls++;
    this.#server.statistics.countError(refusal.text);
    return refusal;
  }

  /** Counts a call that was refused before it ran. */
  #reject(item: TableItem<S> | undefined, cause: unknown): Refusal {
    const refusal = this.refusal(cause);
    this.#server.busyMicros += REFUSAL_MICROS;
    if (item?.kind === "command") item.entry.rejectedCalls++;
    this.#server.statistics.countError(refusal.text);
    return refusal;
  }

  /** The command that a request is of. Throws CommandError if there is none, or not with so many arguments. */
  commandOf(args: readonly Uint8Array[]): RunnableCommand<S> {
    const [name] = args;
    if (name === undefined) throw new CommandError("ERR there is no command");
    return namedEntry(this.#server.commands.find(name, 0, name.length), args).command;
  }

  /** Throws if the session may not run the call now. */
  #admit(session: S, { entry, args }: Call<S>): void {
    const { command } = entry;
    if (!session.isAuthenticated && !command.flags.includes("no_auth")) {
      throw new CommandError("NOAUTH Authentication required.");
    }
    if (takesMemory(session, command) && !this.#server.node.makeRoom()) {
      throw new CommandError("OOM command not allowed when used memory > 'maxmemory'.");
    }
    if (session.transaction !== undefined && command.flags.includes("no_multi")) {
      throw new CommandError("ERR Command not allowed inside a transaction");
    }
    if (hasLongKey(command, args, session.database)) {
      throw new CommandError(`ERR key is longer than ${KEY_BYTES_MAX} bytes`);
    }
  }

  /** EXEC is held back by what it would run. */
  #isHeldBack({ transaction }: S, { entry: { command } }: Call<S>): boolean {
    const { pause } = this.#server;
    return (
      pause.holds(command) ||
      (command.name === "exec" && pause.mode !== undefined && transaction?.has("write") === true)
    );
  }

  async #afterPause(session: S, call: Call<S>): Promise<Answer> {
    session.isBlocked = true;
    while (this.#isHeldBack(session, call)) await this.#server.pause.ended;
    session.isBlocked = false;
    return session.isClosed ? NO_REPLY : this.call(session, call);
  }

  /** Runs an admitted call and keeps count of it. */
  call(session: S, call: Call<S>): Answer | Promise<Answer> {
    const { clock } = this.#server.runtime;
    const startedMs = clock.monotonicMs();
    session.lastCommandName = call.entry.command.name;
    let answer: Answer | Promise<Answer>;
    try {
      answer = this.#run(session, call);
    } catch (cause) {
      answer = this.refusal(cause);
    }
    if (!(answer instanceof Promise)) return this.#finish(session, call, startedMs, answer);
    const localMicros = (clock.monotonicMs() - startedMs) * 1000;
    return answer.then(
      (late) => this.#finish(session, call, startedMs, late, localMicros),
      (cause: unknown) => this.#finish(session, call, startedMs, this.refusal(cause), localMicros),
    );
  }

  #finish(session: S, call: Call<S>, startedMs: number, answer: Answer, localMicros?: number): Answer {
    const micros = (this.#server.runtime.clock.monotonicMs() - startedMs) * 1000;
    const { records } = this.#server;
    call.entry.calls++;
    if (records) call.entry.latency.record(micros);
    this.#server.busyMicros += micros;
    if (isRefusal(answer)) {
      call.entry.failedCalls++;
      this.#server.statistics.countError(answer.text);
    }
    if (records && this.#server.slowLog.isSlow(micros))
      this.#recordSlow(session, call, micros, localMicros ?? micros);
    this.#server.statistics.commands++;
    return answer;
  }

  #recordSlow(session: S, call: Call<S>, micros: number, localMicros: number): void {
    const { command } = call.entry;
    if (command.flags.includes("skip_slowlog")) return;
    const isSecret = command.kind === "session" && command.redact !== undefined;
    const waitedFor = waitPhase(this.#server.clusterDoor, call, session.database);
    const args = isSecret ? command.redact!(call.args) : call.args;
    this.#server.slowLog.record(session, args, { micros, waitMicros: micros - localMicros, waitedFor });
  }

  #run(session: S, call: Call<S>): Answer | Promise<Answer> {
    const { command } = call.entry;
    if (command.kind === "session") return command.run(session, call.args);
    const wantsReceipt = command.kind === "update" && command.wantsReceipt?.(call.args) === true;
    if (this.#server.clusterDoor !== undefined || wantsReceipt) {
      return this.runKeyed(
        session,
        { command, args: call.args },
        { asked: session.consistency, wantsReceipt },
      );
    }
    return this.#runHere(session, command, call);
  }

  /** Runs a command on keys at the levels asked for; with a receipt, it answers an array of the reply and that. */
  runKeyed(
    session: S,
    { command, args: given }: { readonly command: KeyCommand; readonly args: readonly Uint8Array[] },
    { asked, wantsReceipt }: KeyedOptions,
  ): Awaitable<Reply> {
    const { clusterDoor, wallMs, node, settings } = this.#server;
    const call = { args: given };
    if (clusterDoor === undefined) {
      if (!wantsReceipt) return this.#runHere(session, command, call);
      const watched = noticingChanges(command);
      return whenReady(this.#runHere(session, watched.command, call), (reply) => [
        ownReply(reply),
        receiptReply(watched.hasChanged() ? receiptOfOne(node, settings) : undefined),
      ]);
    }
    keepArguments(call);
    const { database, protocol } = session;
    const where = { database, protocol, asked, wantsReceipt, wallMs, sentHere: undefined };
    return whenReady(clusterDoor.keys.run({ command, ...call, ...where }), ({ reply, receipt }) =>
      wantsReceipt ? [reply, receiptReply(receipt)] : reply,
    );
  }

  /** Hot in a node alone. */
  #runHere(session: S, command: KeyCommand, call: { args: readonly Uint8Array[] }): Awaitable<Reply> {
    const { wallMs, settings, keyspaces } = this.#server;
    const { database } = session;
    const environment = { wallMs, valueBytesMax: settings.valueBytesMax, database, keyspaces };
    const { leavesNoTrace } = session;
    return runOnReplica(this.#replica, command, call, { environment, leavesNoTrace });
  }
}

/** What changes the session may go on after a wait; MULTI, EXEC and DISCARD look at no arguments. */
function mayNeedLater({ kind, group, arity }: RunnableCommand): boolean {
  return kind === "session" && !(group === "transactions" && arity === 1);
}

/** A transaction's queue takes memory whatever is queued. */
function takesMemory(
  { transaction }: { readonly transaction: unknown },
  { name, flags }: RunnableCommand,
): boolean {
  return flags.includes("denyoom") || (transaction !== undefined && !ENDS_TRANSACTION.has(name));
}

function isExec<S>(item: TableItem<S> | undefined): boolean {
  return item?.kind === "command" && item.entry.command.name === "exec";
}

/** An EXEC that is refused ends the transaction, and says so. */
function abortTransaction(session: { discard(): void }, { text }: Refusal): Refusal {
  session.discard();
  const reason = text.startsWith("ERR ") ? text.slice("ERR ".length) : text;
  return { kind: "failure", text: `EXECABORT Transaction discarded because of: ${reason}` };
}

type Refusal = TaggedReply & { readonly kind: "failure" };

function isRefusal(answer: Answer): answer is Refusal {
  return typeof answer === "object" && answer !== null && "kind" in answer && answer.kind === "failure";
}
