/** Another program, in a process of its own that outlives a Ctrl-C meant for this one. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { StoreError } from "../../base/errors.ts";

export interface ProgramStart {
  /** The program and its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets what the program says on standard error, after what is there; made if absent, as its directory. */
  readonly errorFile: string;
  /** Told of every line of standard output. */
  onLine(line: string): void;
}

/** One of the two is there. */
export interface ProgramEnd {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export interface SpawnedProgram {
  readonly processId: number;
  /** Resolves when the process is gone and its last line was told. */
  readonly ended: Promise<ProgramEnd>;
  /** Does nothing once it has ended. */
  signal(signal: NodeJS.Signals): void;
}

/** Throws StoreError IO if it cannot be started. */
export function spawnProgram({ command, environment, errorFile, onLine }: ProgramStart): SpawnedProgram {
  const [program, ...args] = command;
  mkdirSync(dirname(errorFile), { recursive: true });
  const errors = openSync(errorFile, "a");
  try {
    // A process group of its own: the terminal sends its signals to this program alone, which passes on what it means.
    const child = spawn(program, args, {
      detached: true,
      env: { ...environment },
      stdio: ["ignore", "pipe", errors],
    });
    child.on("error", () => undefined); // without a process id, told below
    if (child.pid === undefined) throw new StoreError("IO", "not-applied", `cannot run ${program}`);
    createInterface({ input: child.stdout! }).on("line", onLine);
    const ended = new Promise<ProgramEnd>((resolve) => {
      child.once("close", (exitCode, signal) =>
        resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
      );
    });
    return { processId: child.pid, ended, signal: (signal) => void child.kill(signal) };
  } finally {
    closeSync(errors);
  }
}
