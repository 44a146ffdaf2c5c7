/** Waiting for something that another process does. */
import { createNodejsClock } from "../../../src/runtime/nodejs/clock.ts";

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 30_000;

const clock = createNodejsClock();

/** Looks again and again; rejects if it is not so in time, with what it was last. A look that fails is a no. */
export async function until(
  what: string,
  look: () => Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const startedMs = clock.monotonicMs();
  for (let last: unknown = "no"; ; ) {
    try {
      if (await look()) return;
      last = "no";
    } catch (cause) {
      last = cause;
    }
    if (clock.monotonicMs() - startedMs > patienceMs)
      throw new Error(`waited in vain until ${what}: ${last}`);
    await clock.sleep(LOOK_EVERY_MS);
  }
}
