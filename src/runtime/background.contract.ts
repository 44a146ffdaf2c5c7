/** What every Background must do. Run against the real one, on threads and without, and the simulated one. */
import { expect, test } from "vitest";
import type { Background, BackgroundTask } from "./runtime.ts";

/** A task of this source: a module of its own, so that another thread can load it. */
export function taskOf<Input, Output>(source: string): BackgroundTask<Input, Output> {
  const moduleUrl = `data:text/javascript,${encodeURIComponent(`export const task = { run: ${source} };`)}`;
  return {
    moduleUrl,
    run: async (runtime, input) => (await import(/* @vite-ignore */ moduleUrl)).task.run(runtime, input),
  };
}

const double = taskOf<{ value: number }, number>("async (runtime, { value }) => 2 * value");
const fill = taskOf<SharedArrayBuffer, void>(
  "async (runtime, shared) => { new Uint8Array(shared).fill(7); }",
);
const refuse = taskOf<string, never>(
  "async () => { throw Object.assign(new Error('broken on purpose'), { detail: 42 }); }",
);

/** `settle` lets a promise of the background come true: virtual time must be moved. */
export type InBackground = (
  body: (background: Background, settle: <T>(promise: Promise<T>) => Promise<T>) => Promise<void>,
) => Promise<void>;

export function testBackground(name: string, inBackground: InBackground): void {
  test(`${name}: resolves to what each task resolves to, however many there are`, () =>
    inBackground(async (background, settle) => {
      const values = Array.from({ length: 10 }, (_, value) => value);
      const outputs = Promise.all(values.map((value) => background.run(double, { value })));
      expect(await settle(outputs)).toEqual(values.map((value) => 2 * value));
    }));

  test(`${name}: a shared buffer is shared`, () =>
    inBackground(async (background, settle) => {
      const shared = new SharedArrayBuffer(3);
      await settle(background.run(fill, shared));
      expect([...new Uint8Array(shared)]).toEqual([7, 7, 7]);
    }));

  test(`${name}: rejects as the task does, and goes on`, () =>
    inBackground(async (background, settle) => {
      await expect(settle(background.run(refuse, "x"))).rejects.toThrow("broken on purpose");
      expect(await settle(background.run(double, { value: 4 }))).toBe(8);
    }));

  test(`${name}: after the close, tasks are refused`, () =>
    inBackground(async (background, settle) => {
      await settle(background.close());
      const late = settle(background.run(double, { value: 1 }));
      await expect(late).rejects.toMatchObject({
        name: "StoreError",
        code: "CLOSED",
        outcome: "not-applied",
      });
    }));
}
