/**
 * `kvorum top`: a cluster live in a terminal, until q; where there is no terminal, one picture.
 *
 *   exit code   0 it was shown; 1 nobody has answered
 */
import { parseDuration } from "../../node/quantity.ts";
import { type AskedNode, NoAnswer } from "../node-question.ts";
import { type ClusterReading, type ReadingRuntime, readCluster } from "../nodes/node-reading.ts";
import { figuresOfNode, type NodeFigures } from "../nodes/nodes-report.ts";
import { SettingsError } from "../settings-loader.ts";
import { type Sample, topFrame } from "./top-frame.ts";

/** Where pictures are shown. */
export interface Screen {
  /** False: one picture is enough, and nobody presses keys. */
  readonly isTerminal: boolean;
  readonly isColoured: boolean;
  size(): { readonly columns: number; readonly rows: number };
  /** In place of the last one. */
  show(lines: readonly string[]): void;
  /** Takes the screen for itself. Keys are told one by one; Ctrl-C comes as q. */
  open(events: { onKey(key: string): void; onResize(): void }): void;
  close(): void;
}

export interface TopRequest {
  readonly node: AskedNode;
  /** As the user wrote it, if so. */
  readonly interval: string | undefined;
  /** One line of figures, and no picture. */
  readonly json: boolean;
}

export const INTERVAL_DEFAULT = "1s";

/** Resolves to the exit code. Rejects with SettingsError. */
export async function top(
  runtime: ReadingRuntime,
  { node, interval = INTERVAL_DEFAULT, json }: TopRequest,
  screen: Screen,
  output: { writeOutput(text: string): void; writeError(text: string): void },
): Promise<number> {
  const intervalMs = (parseDuration(interval) ?? 0) / 1_000;
  if (intervalMs < 100) throw new SettingsError([`--interval must be 100ms or longer, but is "${interval}"`]);
  try {
    const watch = new Watch(runtime, node, screen);
    await watch.look();
    if (json) output.writeOutput(`${JSON.stringify(watch.figures())}\n`);
    else await (screen.isTerminal ? watch.run(intervalMs) : watch.showOnce(intervalMs));
    return 0;
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    output.writeError(`kvorum: nothing to show${cause.message}\n`);
    return 1;
  }
}

class Watch {
  readonly #runtime: ReadingRuntime;
  readonly #screen: Screen;
  /** Whom to ask: the node that was named, then the others it has told of. */
  #nodes: readonly AskedNode[];
  #now: Sample | undefined;
  #before: Sample | undefined;
  #problem = "";

  constructor(runtime: ReadingRuntime, node: AskedNode, screen: Screen) {
    this.#runtime = runtime;
    this.#screen = screen;
    this.#nodes = [node];
  }

  /** Rejects with NoAnswer if nobody answers. */
  async look(): Promise<void> {
    const reading = await this.#ask();
    this.#before = this.#now;
    this.#now = { atMs: this.#runtime.clock.monotonicMs(), reading };
  }

  /** Of each node, as it was at the last look. */
  figures(): readonly NodeFigures[] {
    return this.#now!.reading.nodes.map(figuresOfNode);
  }

  /** A picture with rates, which take two looks. */
  async showOnce(intervalMs: number): Promise<void> {
    await this.#runtime.clock.sleep(intervalMs);
    await this.look();
    this.#show();
  }

  /** Until somebody presses q. */
  async run(intervalMs: number): Promise<void> {
    const over = new AbortController();
    this.#screen.open({
      onKey: (key) => {
        if (key === "q") over.abort();
      },
      onResize: () => this.#show(),
    });
    try {
      while (!over.signal.aborted) {
        this.#show();
        await this.#runtime.clock.sleep(intervalMs, over.signal).catch(() => undefined); // q, or the time is over
        if (!over.signal.aborted) await this.#tryLook();
      }
    } finally {
      this.#screen.close();
    }
  }

  /** While nobody answers, the last picture stays, and says so. */
  async #tryLook(): Promise<void> {
    try {
      await this.look();
      this.#problem = "";
    } catch (cause) {
      if (!(cause instanceof NoAnswer)) throw cause;
      this.#problem = `nobody answers${cause.message.replace(/^ by/, ":")}`;
    }
  }

  async #ask(): Promise<ClusterReading> {
    let failure: unknown;
    for (const node of this.#nodes) {
      try {
        const reading = await readCluster(this.#runtime, node);
        this.#nodes = [node, ...this.#othersThan(node, reading)];
        return reading;
      } catch (cause) {
        if (!(cause instanceof NoAnswer)) throw cause;
        failure ??= cause;
      }
    }
    throw failure;
  }

  #othersThan({ host, port, password }: AskedNode, { status }: ClusterReading): readonly AskedNode[] {
    return status.members.flatMap((member) =>
      member.host === null || member.port === null || (member.host === host && member.port === port)
        ? []
        : [{ host: member.host, port: member.port, password }],
    );
  }

  #show(): void {
    const { isTerminal, isColoured } = this.#screen;
    const { columns, rows } = this.#screen.size();
    const foot = isTerminal ? ["", this.#problem === "" ? "q quits" : this.#problem.slice(0, columns)] : [];
    const lines = topFrame(this.#now!, this.#before, {
      columns,
      rows: Math.max(1, rows - foot.length),
      isColoured,
    });
    this.#screen.show([...lines, ...foot]);
  }
}
