/** A replica to try out, with an engine as slow as wanted, in a simulated world: so nothing depends on the time it takes. */
import { toText, utf8 } from "../../src/base/bytes.ts";
import { NEVER } from "../../src/causality/cell.ts";
import { soleReplicaRules } from "../../src/node/cell-rules.ts";
import { DatabaseMap } from "../../src/node/database-map.ts";
import { LocalReplica } from "../../src/replication/local-replica.ts";
import { NewLife, Stamper } from "../../src/replication/stamper.ts";
import type { KeyRef, KeyView } from "../../src/replication/step.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { SimWorld } from "../../src/sim/sim-runtime.ts";
import { MemoryEngine } from "../../src/storage/memory/memory-engine.ts";
import { AsyncEngine } from "./async-engine.ts";

export const SIBLINGS_MAX = 4;

/** A replica on a simulated machine; of ten calls, `slowInTen` are answered later. */
export class ReplicaBench {
  readonly world: SimWorld;
  readonly runtime: Runtime;
  readonly replica: LocalReplica;

  /** `memoryBytesMax`: 0 for no limit. `isResident`, `isSteady`: what the engine says of itself. */
  constructor(slowInTen: number, { memoryBytesMax = 0, isResident = false, isSteady = false } = {}) {
    this.world = new SimWorld(`replica ${slowInTen}`);
    this.runtime = this.world.runtime("a");
    const { clock, random } = this.runtime;
    const memory = new MemoryEngine({
      rules: soleReplicaRules,
      random,
      clock,
      memoryBytesMax,
      evictionPolicy: "noeviction",
      evictionSamples: 5,
    });
    const engine = isResident ? memory : new AsyncEngine(memory, { clock, random, slowInTen, isSteady });
    this.replica = new LocalReplica(engine, new Stamper(new NewLife(random)), new DatabaseMap(), {
      siblingsMax: SIBLINGS_MAX,
      hashSeed: 1,
    });
  }

  get wallMs(): number {
    return this.runtime.clock.wallMs();
  }

  /** Runs the world until what was asked has its answer. */
  async settle<T>(answer: T | Promise<T>): Promise<T> {
    return answer instanceof Promise ? this.world.scheduler.runUntilSettled(answer) : answer;
  }

  async get(name: string, database = 0): Promise<string | undefined> {
    return this.settle(this.replica.read(ref(name, database), { wallMs: this.wallMs, touch: true }, textOf));
  }

  async put(name: string, text: string, expiresAtMs = NEVER, database = 0): Promise<void> {
    const change = { kind: "put", value: utf8(text), expiresAtMs } as const;
    await this.settle(
      this.replica.update(ref(name, database), this.wallMs, () => ({ reply: undefined, change })),
    );
  }

  async delete(name: string): Promise<void> {
    const change = { kind: "delete" } as const;
    await this.settle(this.replica.update(ref(name), this.wallMs, () => ({ reply: undefined, change })));
  }
}

export function ref(name: string, database = 0): KeyRef {
  return { database, key: utf8(name) };
}

export function textOf({ value }: KeyView): string | undefined {
  return value === undefined ? undefined : toText(value);
}

export function numberOf(view: KeyView): number {
  return Number(textOf(view) ?? 0);
}
