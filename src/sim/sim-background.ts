/** Background work of a simulated process: later, in the same thread, and gone with the process. */
import { StoreError } from "../base/errors.ts";
import type { Background, BackgroundTask, TaskRuntime } from "../runtime/runtime.ts";
import type { Life } from "./life.ts";
import type { SimRandom } from "./sim-random.ts";

const START_MS_MAX = 5;

export class SimBackground implements Background {
  readonly #life: Life;
  readonly #random: SimRandom;
  readonly #runtime: TaskRuntime;
  #isClosed = false;

  constructor(life: Life, random: SimRandom, runtime: TaskRuntime) {
    this.#life = life;
    this.#random = random;
    this.#runtime = runtime;
  }

  async run<Input, Output>(task: BackgroundTask<Input, Output>, input: Input): Promise<Output> {
    const copy = structuredClone(input);
    if (!this.#isClosed) await this.#life.wait(this.#random.below(START_MS_MAX));
    if (this.#isClosed) throw new StoreError("CLOSED", "not-applied", "background work has ended");
    return structuredClone(await task.run(this.#runtime, copy));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}
