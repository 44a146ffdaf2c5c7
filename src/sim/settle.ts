/**
 * Runs a world turn by turn, and between two turns lets every promise chain run to its end. The one place of the
 * simulator that leans on the real event loop; the simulated world has no other business with it.
 *
 * Node.js runs microtasks whenever a callback of its own has returned. To return to it after each event costs most of
 * a run, so it is asked to do that work at once, by the function with which it does it. That works only outside
 * of a microtask: turns are taken in immediates. Where the function is missing, each turn has an immediate to itself.
 */

/** So many turns at once: what else the process has to do, as to draw a progress bar, must not starve. */
const TURNS_MAX = 2_000;

const { _tickCallback: runMicrotasks } = process as { _tickCallback?: () => void };

/** Takes turns while `turn` returns true. Rejects with what it throws. */
export function takeTurns(turn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const turnsMax = runMicrotasks === undefined ? 1 : TURNS_MAX;
    const takeSome = (): void => {
      try {
        for (let i = 0; i < turnsMax; i++) {
          runMicrotasks?.();
          if (turn()) continue;
          resolve();
          return;
        }
        setImmediate(takeSome);
      } catch (cause) {
        reject(cause);
      }
    };
    setImmediate(takeSome);
  });
}

/** Resolves when every promise chain that can go on has run to its end: an immediate comes after all microtasks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
