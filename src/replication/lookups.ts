/** Reads that found a live key, and reads that did not, since the last reset. */
import type { KeyView } from "./step.ts";

export class Lookups {
  hits = 0;
  misses = 0;

  /** Counts what was seen, and returns it. */
  count(view: KeyView): KeyView {
    if (view.value === undefined) this.misses++;
    else this.hits++;
    return view;
  }

  reset(): void {
    this.hits = 0;
    this.misses = 0;
  }
}
