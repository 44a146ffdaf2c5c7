import { expect, test } from "vitest";
import { EventLog } from "./event-log.ts";

const happening = { kind: "topology", level: "ok", text: "Something has changed." } as const;

function filled(count: number): EventLog {
  const log = new EventLog({ wallMs: () => 7 });
  for (let i = 0; i < count; i++) log.add(happening);
  return log;
}

test("numbers events, and tells those after a number", () => {
  const log = filled(3);
  expect(log.since(0).map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(log.since(2)).toEqual([{ id: 3, atMs: 7, ...happening }]);
  expect(log.recent(2).map(({ id }) => id)).toEqual([2, 3]);
  expect(log.recent(0)).toEqual([]);
});

test("the oldest make room for new ones", () => {
  const log = filled(EventLog.COUNT_MAX + 5);
  expect(log.since(0)).toHaveLength(EventLog.COUNT_MAX);
  expect(log.since(0)[0]!.id).toBe(6);
});

test("subscribers hear of what is added until they have enough", () => {
  const log = filled(1);
  const heard: number[] = [];
  const stop = log.subscribe(({ id }) => void heard.push(id));
  log.add(happening);
  stop();
  log.add(happening);
  expect(heard).toEqual([2]);
});
