/** Calls in great number, some of them under way at a time. */

export const CALLS_AT_ONCE = 64;

/** Calls `call` with 0 to `count` - 1. Those that return at once get the event loop turned after every 64. */
export async function pump(count: number, call: (number: number) => unknown): Promise<void> {
  let next = 0;
  let sinceTurn = 0;
  let turn: Promise<void> | undefined;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const waiting = call(next++);
      if (waiting instanceof Promise) {
        await waiting;
        continue;
      }
      if (++sinceTurn < CALLS_AT_ONCE) continue;
      turn ??= new Promise((resolve) => {
        setImmediate(() => {
          sinceTurn = 0;
          turn = undefined;
          resolve();
        });
      });
      await turn;
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, lane));
}

/** Numbers below `limit` in an order that does not repeat soon; the same each time. */
export function drawn(limit: number): (index: number) => number {
  return (index) => {
    let state = Math.imul(index + 1, 0x9e3779b1);
    state ^= state >>> 15;
    state = Math.imul(state, 0x85ebca6b);
    state ^= state >>> 13;
    return (state >>> 0) % limit;
  };
}
