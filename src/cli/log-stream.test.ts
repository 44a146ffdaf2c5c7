import { expect, test } from "vitest";
import { createLogger, formatLine } from "./log-stream.ts";
import type { LogLevel } from "./serve-settings.ts";

function recorder(level: LogLevel) {
  const lines: string[] = [];
  return { lines, logger: createLogger(level, { write: (line) => lines.push(line) }) };
}

test("a log line is one JSON object with the level as a word and an ISO time", () => {
  const { lines, logger } = recorder("info");
  logger.warn({ client: "127.0.0.1:5" }, "closed");
  expect(lines).toHaveLength(1);
  expect(lines[0]!.endsWith("\n")).toBe(true);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    client: "127.0.0.1:5",
    msg: "closed",
  });
});

test("lines below the level are not written", () => {
  const { lines, logger } = recorder("warn");
  logger.info({}, "not this");
  logger.error({}, "but this");
  expect(lines).toHaveLength(1);
});

test("silent writes nothing", () => {
  const { lines, logger } = recorder("silent");
  logger.error({}, "not even this");
  expect(lines).toEqual([]);
});

test("an error is written with its stack", () => {
  const { lines, logger } = recorder("info");
  logger.error({ error: new Error("broken") }, "a bug");
  expect(JSON.parse(lines[0]!).error).toMatchObject({
    message: "broken",
    stack: expect.stringContaining("at "),
  });
});

test("the readable form has time, level, message, then fields", () => {
  const line = JSON.stringify({
    level: "warn",
    time: "2026-03-04T12:30:45.123Z",
    client: "127.0.0.1:5",
    bytes: 7,
    reason: "two words",
    msg: "closed",
  });
  expect(formatLine(line)).toBe('12:30:45.123 WARN  closed  client=127.0.0.1:5 bytes=7 reason="two words"\n');
});

test("the readable form of a line without fields ends with its message", () => {
  const line = JSON.stringify({ level: "info", time: "2026-03-04T12:30:45.123Z", msg: "stopped" });
  expect(formatLine(line)).toBe("12:30:45.123 INFO  stopped\n");
});

test("the readable form shows an error's stack", () => {
  const { lines, logger } = recorder("info");
  logger.error({ error: new Error("broken") }, "a bug");
  expect(formatLine(lines[0]!)).toMatch(/ERROR a bug {2}error=Error: broken\n {4}at /);
});
