/**
 * Nodes that one program runs beside each other: started together, watched, started again when told to, and stopped
 * together. One that dies is told of and not replaced: somebody may have killed it to see what happens.
 */
import type { ProgramEnd, SpawnedProgram } from "../../runtime/nodejs/spawned-program.ts";
import type { PlannedNode } from "./up-plan.ts";

/** A started node. */
export interface Launched extends Pick<SpawnedProgram, "processId" | "ended" | "signal"> {
  /** Resolves when it accepts connections; maybe never. */
  readonly ready: Promise<void>;
}

export interface FamilyEvents {
  onReady(node: PlannedNode, processId: number): void;
  /** `wasReady`: it had accepted connections. Not told of nodes that were stopped. */
  onDeath(node: PlannedNode, end: ProgramEnd, wasReady: boolean): void;
}

interface Member {
  readonly node: PlannedNode;
  launched: Launched | undefined;
  isReady: boolean;
}

export class NodeFamily {
  readonly #members: readonly Member[];
  readonly #launch: (node: PlannedNode) => Launched;
  readonly #events: FamilyEvents;
  #isStopping = false;
  #wake: () => void = () => undefined;

  constructor(nodes: readonly PlannedNode[], launch: (node: PlannedNode) => Launched, events: FamilyEvents) {
    this.#members = nodes.map((node) => ({ node, launched: undefined, isReady: false }));
    this.#launch = launch;
    this.#events = events;
  }

  /** Starts all that do not run. */
  startMissing(): void {
    for (const member of this.#members) if (member.launched === undefined) this.#start(member);
  }

  /** Resolves to true when all accept connections; to false once one has died, or all are being stopped. */
  async allReady(): Promise<boolean> {
    for (;;) {
      if (this.#isStopping || this.#members.some(({ launched }) => launched === undefined)) return false;
      if (this.#members.every(({ isReady }) => isReady)) return true;
      await this.#change();
    }
  }

  /** Resolves when none runs any more. */
  async allGone(): Promise<void> {
    while (this.#members.some(({ launched }) => launched !== undefined)) await this.#change();
  }

  /** Those that run, and do not accept connections yet. */
  get notReady(): readonly PlannedNode[] {
    return this.#members.flatMap(({ node, launched, isReady }) =>
      launched === undefined || isReady ? [] : [node],
    );
  }

  get processIds(): ReadonlyMap<PlannedNode, number> {
    const running = this.#members.filter(({ launched }) => launched !== undefined);
    return new Map(running.map(({ node, launched }) => [node, launched!.processId]));
  }

  /** From now on, ends are as they should be. Resolves when all are gone: to true if all ended in good order. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<boolean> {
    this.#isStopping = true;
    const running = this.#members.flatMap(({ launched }) => (launched === undefined ? [] : [launched]));
    for (const launched of running) launched.signal(signal);
    this.#wake();
    const ends = await Promise.all(running.map(({ ended }) => ended));
    return ends.every(({ exitCode }) => exitCode === 0);
  }

  #start(member: Member): void {
    const launched = this.#launch(member.node);
    member.launched = launched;
    void launched.ready.then(() => {
      if (member.launched !== launched) return;
      member.isReady = true;
      this.#events.onReady(member.node, launched.processId);
      this.#wake();
    });
    void launched.ended.then((end) => {
      const wasReady = member.isReady;
      member.launched = undefined;
      member.isReady = false;
      if (!this.#isStopping) this.#events.onDeath(member.node, end, wasReady);
      this.#wake();
    });
  }

  /** Resolves at the next change. */
  #change(): Promise<void> {
    const earlier = this.#wake;
    return new Promise((resolve) => {
      this.#wake = () => {
        earlier();
        resolve();
      };
    });
  }
}
