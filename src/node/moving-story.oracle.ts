/** Clients that write while slots move, and what must be there afterwards. For tests only. */
import { StoreError } from "../base/errors.ts";
import type { SimRandom } from "../sim/sim-random.ts";
import type { SimWorld } from "../sim/sim-runtime.ts";
import { JoiningTown } from "./joining-town.oracle.ts";
import type { NodeSettings } from "./settings.ts";

const PATIENCE_MS = 120_000;
const KEYS = 400;

export class MovingStory {
  readonly town: JoiningTown;
  readonly errors: string[] = [];
  readonly #names: readonly string[];
  readonly #random: SimRandom;
  readonly #ids = new Map<string, string>();
  readonly #started = new Set<string>();
  readonly #members = new Set<string>();
  /** Of each key the last acknowledged value, and those that may have replaced it since. */
  readonly #values = new Map<string, Set<string>>();
  #writes = 0;

  /** The cluster of `founders`; others of `names` come later. On disk. */
  static async begin(
    seed: string,
    founders: readonly string[],
    names: readonly string[],
  ): Promise<MovingStory> {
    const story = new MovingStory(seed, names);
    for (const name of founders)
      story.#start(
        name,
        founders.filter((other) => other !== name),
      );
    await story.world.runFor(2_500);
    for (const name of founders) story.#note(name);
    return story;
  }

  private constructor(seed: string, names: readonly string[]) {
    this.town = new JoiningTown(seed, names);
    this.#names = names;
    this.#random = this.town.world.random("story");
  }

  get world(): SimWorld {
    return this.town.world;
  }

  /** Keys that were written, or tried to. */
  get keyCount(): number {
    return this.#values.size;
  }

  get isMoving(): boolean {
    return this.#any().topology.move !== undefined;
  }

  idOf(name: string): string {
    return this.#ids.get(name)!;
  }

  members(): readonly string[] {
    for (const name of this.#names) this.#note(name);
    const ids = new Set(this.#any().topology.members.map(({ id }) => id));
    return [...this.#ids]
      .filter(([, id]) => ids.has(id))
      .map(([name]) => name)
      .sort();
  }

  rowsAt(name: string): number {
    return this.town.rowsAt(name);
  }

  join(name: string, changes: Partial<NodeSettings> = {}): void {
    this.#start(name, [...this.#members], changes);
  }

  kill(name: string): void {
    this.town.kill(name);
  }

  restart(name: string, changes: Partial<NodeSettings> = {}): void {
    this.#start(name, [], changes);
  }

  /** Rows that the node has fetched since it was started. */
  fetchedBy(name: string): number {
    return this.town.isOpen(name) ? this.town.cluster(name).repair.totals.pulled : 0;
  }

  async until(isTrue: () => boolean): Promise<void> {
    const endMs = this.world.nowMs + PATIENCE_MS;
    while (!isTrue() && this.world.nowMs < endMs) await this.world.runFor(20);
    if (!isTrue()) throw new Error("it has not come to be");
  }

  leave(name: string): Promise<void> {
    return this.world.runUntil(this.#any(name).moves!.remove(this.idOf(name)), PATIENCE_MS);
  }

  reweigh(name: string, weight: number): Promise<void> {
    return this.world.runUntil(this.#any().moves!.reweigh(this.idOf(name), weight), PATIENCE_MS);
  }

  changeCopies(count: number): Promise<void> {
    return this.world.runUntil(this.#any().keyspaces.set("default", { copies: count }), PATIENCE_MS);
  }

  cancel(): Promise<void> {
    return this.world.runUntil(this.#any().moves!.cancel(), PATIENCE_MS);
  }

  async write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#write(`k${i}`);
  }

  async writeFor(ms: number): Promise<void> {
    const endMs = this.world.nowMs + ms;
    while (this.world.nowMs < endMs) await this.#writeSome();
  }

  /** Until a move is under way, and so many milliseconds more. */
  async writeUntilMoving(moreMs: number): Promise<void> {
    await this.#writeUntil(() => this.#any().topology.move !== undefined);
    await this.writeFor(moreMs);
  }

  async writeUntilMoved(name: string): Promise<void> {
    await this.#writeUntil(() => this.#hasMoved(name));
  }

  async writeUntilGone(name: string): Promise<void> {
    const id = this.idOf(name);
    await this.#writeUntil(() => !this.#any(name).topology.members.some((member) => member.id === id));
    this.#members.delete(name);
    this.#started.delete(name);
    await this.#writeUntil(() => this.town.cluster(name).hasLeft);
    this.town.kill(name);
  }

  async writeUntilStill(): Promise<void> {
    await this.#writeUntil(() => !this.isMoving);
  }

  async untilStill(): Promise<void> {
    const endMs = this.world.nowMs + PATIENCE_MS;
    while (this.isMoving && this.world.nowMs < endMs) await this.world.runFor(50);
    if (this.isMoving) throw new Error("the move is not over");
  }

  async untilMoved(name: string): Promise<void> {
    const endMs = this.world.nowMs + PATIENCE_MS;
    while (!this.#hasMoved(name) && this.world.nowMs < endMs) await this.world.runFor(50);
    if (!this.#hasMoved(name)) throw new Error(`${name} has not got its slots`);
  }

  /** Every key has what was acknowledged last, or something later, at every node. */
  async check(): Promise<void> {
    const names = [...this.#members].filter((name) => this.town.isOpen(name));
    for (const [key, values] of this.#values) {
      const name = this.#pick(names);
      const value = (await this.town.get(name, key)) ?? "nothing";
      if (!values.has(value))
        throw new Error(`${key} is ${value} at ${name}: ${[...values].join(", ")} expected`);
    }
  }

  /** As `check`, of every copy that should be there. Requires: nobody has failed lately. */
  async checkCopies(): Promise<void> {
    const names = [...this.#members];
    for (const [key, values] of this.#values) {
      for (const name of names.filter((each) => this.town.keepsCopy(each, key))) {
        const value = (await this.town.get(name, key, "one")) ?? "nothing";
        if (!values.has(value))
          throw new Error(`the copy of ${key} at ${name} is ${value}: ${[...values].join(", ")} expected`);
      }
    }
  }

  #hasMoved(name: string): boolean {
    this.#note(name);
    const { topology } = this.#any();
    const isIt = ({ id, state }: { id: string; state: string }): boolean =>
      id === this.#ids.get(name) && state === "member";
    return topology.move === undefined && topology.members.some(isIt);
  }

  async #writeUntil(isTrue: () => boolean): Promise<void> {
    const endMs = this.world.nowMs + PATIENCE_MS;
    while (!isTrue()) {
      if (this.world.nowMs > endMs) throw new Error("it has not come to be");
      await this.#writeSome();
    }
  }

  async #writeSome(): Promise<void> {
    await this.#write(`k${this.#random.below(KEYS)}`);
    await this.world.runFor(this.#random.below(20));
  }

  /** At a node that keeps the key by its own plan, as a door would have it. */
  async #write(key: string): Promise<void> {
    const names = [...this.#members].filter(
      (name) => this.town.isOpen(name) && this.town.keepsCopy(name, key),
    );
    const value = `v${this.#writes++}`;
    const values = this.#values.get(key) ?? new Set(["nothing"]);
    this.#values.set(key, values);
    try {
      await this.town.set(this.#pick(names), key, value);
      values.clear();
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.errors.push(`${cause.code} ${cause.outcome} ${cause.message}`);
      if (cause.outcome === "not-applied") return;
    }
    values.add(value);
  }

  #any(except?: string): NonNullable<ReturnType<JoiningTown["cluster"]>> {
    const name = this.#names.find(
      (each) => each !== except && this.#members.has(each) && this.town.isOpen(each),
    );
    return this.town.cluster(name!);
  }

  #start(name: string, join: readonly string[], changes: Partial<NodeSettings> = {}): void {
    this.#started.add(name);
    this.town.start(name, join, { storage: "disk", ...changes });
  }

  #note(name: string): void {
    if (!this.#started.has(name) || !this.town.isOpen(name)) return;
    this.#ids.set(name, this.town.cluster(name).self.id);
    this.#members.add(name);
  }

  #pick(names: readonly string[]): string {
    return names[this.#random.below(names.length)]!;
  }
}
