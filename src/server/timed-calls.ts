/**
 * Times the calls that wait for other nodes or for the disk after a fast path has begun them, counts them, and turns their
 * failures into what clients are told. Times are those of turns of the event loop: right to one of these.
 *
 * Hot: for each call it makes nothing but a promise; what it remembers of one is used again. Watched by `bench -- metrics`.
 */
import { utf8 } from "../base/bytes.ts";
import type { Request } from "../resp/request.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { ClusterDoor } from "./cluster/cluster-door.ts";
import type { Answer } from "./command-shape.ts";
import type { CommandEntry } from "./command-table.ts";
import type { SlowLog } from "./slow-log.ts";
import { waitPhase } from "./wait-phase.ts";

interface TimedSession {
  readonly name: string;
  readonly connection: { readonly peer: string };
  lastCommandName: string;
}

export interface TimedCallsHost {
  readonly runtime: { readonly clock: Pick<Clock, "turnMs"> };
  readonly clusterDoor: Pick<ClusterDoor, "keys"> | undefined;
  readonly statistics: { commands: number };
  readonly slowLog: SlowLog;
  readonly records: boolean;
}

export type Fail<S> = (entry: CommandEntry<S>, cause: unknown) => Answer;

const SPARE_MAX = 1_024;

export class TimedCalls<S extends TimedSession> {
  readonly host: TimedCallsHost;
  readonly fail: Fail<S>;
  readonly #spare: TimedCall<S>[] = [];

  constructor(host: TimedCallsHost, fail: Fail<S>) {
    this.host = host;
    this.fail = fail;
  }

  /** The answer, once it is counted. */
  time(session: S, entry: CommandEntry<S>, answer: Promise<Answer>, request: Request): Promise<Answer> {
    const call = this.#spare.pop() ?? new TimedCall<S>(this);
    call.begin(session, entry, request);
    return answer.then(call.onReply, call.onFailure);
  }

  release(call: TimedCall<S>): void {
    if (this.#spare.length < SPARE_MAX) this.#spare.push(call);
  }
}

/** The beginning of its key is enough to find it. */
const KEY_BYTES_MAX = 160;

class TimedCall<S extends TimedSession> {
  readonly onReply: (reply: Answer) => Answer;
  readonly onFailure: (cause: unknown) => Answer;
  readonly #owner: TimedCalls<S>;
  #session: S | undefined;
  #entry: CommandEntry<S> | undefined;
  #startedMs = 0;
  #argCount = 0;
  readonly #key = new Uint8Array(KEY_BYTES_MAX);
  #keyLength = 0;

  constructor(owner: TimedCalls<S>) {
    this.#owner = owner;
    this.onReply = (reply) => {
      this.#end();
      return reply;
    };
    this.onFailure = (cause) => owner.fail(this.#end(), cause);
  }

  begin(session: S, entry: CommandEntry<S>, { bytes, starts, ends, argCount }: Request): void {
    this.#session = session;
    this.#entry = entry;
    session.lastCommandName = entry.command.name;
    if (!this.#owner.host.records) return;
    this.#startedMs = this.#owner.host.runtime.clock.turnMs();
    this.#argCount = argCount;
    const start = argCount > 1 ? starts[1]! : 0;
    const length = argCount > 1 ? Math.min(ends[1]! - start, KEY_BYTES_MAX) : 0;
    const key = this.#key;
    for (let i = 0; i < length; i++) key[i] = bytes[start + i]!;
    this.#keyLength = length;
  }

  #end(): CommandEntry<S> {
    const { host } = this.#owner;
    const entry = this.#entry!;
    host.statistics.commands++;
    entry.calls++;
    if (host.records) {
      const micros = (host.runtime.clock.turnMs() - this.#startedMs) * 1000;
      entry.latency.record(micros);
      if (host.slowLog.isSlow(micros)) this.#recordSlow(entry, micros);
    }
    this.#session = undefined;
    this.#entry = undefined;
    this.#owner.release(this);
    return entry;
  }

  #recordSlow({ command }: CommandEntry<S>, micros: number): void {
    const { slowLog, clusterDoor } = this.#owner.host;
    const args = [utf8(command.name), this.#key.slice(0, this.#keyLength)];
    const time = { micros, waitMicros: micros, waitedFor: waitPhase(clusterDoor), argCount: this.#argCount };
    slowLog.record(this.#session!, args, time);
  }
}
