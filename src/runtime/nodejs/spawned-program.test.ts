import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { spawnProgram } from "./spawned-program.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-spawn-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function run(script: string, environment: Record<string, string> = {}) {
  const lines: string[] = [];
  let tell: () => void = () => undefined;
  const firstLine = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const program = spawnProgram({
    command: [process.execPath, "--eval", script],
    environment,
    errorFile: join(directory, "logs", "errors"),
    onLine: (line) => {
      lines.push(line);
      tell();
    },
  });
  return { program, lines, firstLine };
}

test("tells lines, keeps errors in the file after those that are there, and says how it ended", async () => {
  for (const word of ["one", "two"]) {
    const { program, lines } = run(
      "console.log(process.env.WORD); console.log(2); console.error(process.env.WORD); process.exit(3)",
      { WORD: word },
    );
    expect(await program.ended).toEqual({ exitCode: 3, signal: undefined });
    expect(lines).toEqual([word, "2"]);
  }
  expect(readFileSync(join(directory, "logs", "errors"), "utf8")).toBe("one\ntwo\n");
});

test("a signal ends it, and a later one does no harm", async () => {
  const { program, firstLine } = run(
    "console.log('here'); process.stdin.resume(); setInterval(() => {}, 1e6)",
  );
  await firstLine;
  program.signal("SIGKILL");
  expect(await program.ended).toEqual({ exitCode: undefined, signal: "SIGKILL" });
  program.signal("SIGKILL");
});

test("a program that is not there is refused", () => {
  const start = { environment: {}, errorFile: join(directory, "errors"), onLine: () => undefined };
  expect(() => spawnProgram({ ...start, command: [join(directory, "nothing")] })).toThrow("cannot run");
});
