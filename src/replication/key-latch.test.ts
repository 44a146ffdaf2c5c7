import { expect, test } from "vitest";
import { KeyLatch } from "./key-latch.ts";

/** A promise that the test resolves when it wants. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test("tasks that share a key run one after the other, in the order they came", async () => {
  const latch = new KeyLatch();
  const events: string[] = [];
  const first = gate();
  const task = (name: string, until?: Promise<void>) => async (): Promise<void> => {
    events.push(`${name} begins`);
    await until;
    events.push(`${name} ends`);
  };
  const done = [
    latch.run([1, 2], task("a", first.opened)),
    latch.run([2], task("b")),
    latch.run([2, 3], task("c")),
    latch.run([4], task("elsewhere")),
  ];
  await done[3];
  expect(events).toEqual(["a begins", "elsewhere begins", "elsewhere ends"]);
  first.open();
  await Promise.all(done);
  expect(events.slice(3)).toEqual(["a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("tasks with the same keys in another order do not wait for each other for ever", async () => {
  const latch = new KeyLatch();
  const order: string[] = [];
  await Promise.all([
    latch.run([1, 2], () => void order.push("a")),
    latch.run([2, 1], () => void order.push("b")),
    latch.run([1, 1], () => void order.push("c")),
  ]);
  expect(order).toEqual(["a", "b", "c"]);
});

test("a task that fails lets the next one in, and nothing is held in the end", async () => {
  const latch = new KeyLatch();
  const failed = latch.run([7], () => Promise.reject(new Error("no disk")));
  const next = latch.run([7], () => "fine");
  expect(latch.holds(7)).toBe(true);
  await expect(failed).rejects.toThrow("no disk");
  expect(await next).toBe("fine");
  expect(latch.holds(7)).toBe(false);
});
