/** `kvorum` as a process of its own, as a user would run it: built, with nothing of this test's environment. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../source-file.ts";

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Another script of the checkout; `bin/kvorum.js` if not given. */
  readonly script?: string;
  /** How many files and sockets the process may have open. */
  readonly openFilesMax?: number;
}

export interface Ending {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** One process, in an empty directory of its own that goes with it. */
export class RunningKvorum {
  readonly directory = mkdtempSync(join(tmpdir(), "kvorum-test-"));
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";
  #errors = "";
  #changed: () => void = () => undefined;

  constructor(
    args: readonly string[],
    { environment = {}, script = "bin/kvorum.js", openFilesMax }: RunOptions = {},
  ) {
    const { PATH = "", HOME = "" } = process.env;
    const command = [process.execPath, join(ROOT, script), ...args];
    // The system's shell sets the limit and becomes the process.
    const limited = ["sh", "-c", `ulimit -n ${openFilesMax}; exec "$@"`, "sh", ...command];
    const [file, ...rest] = openFilesMax === undefined ? command : limited;
    this.#child = spawn(file!, rest, {
      cwd: this.directory,
      env: { PATH, HOME, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#changed();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
      this.#changed();
    });
    this.#ended = once(this.#child, "close").then(() => this.#changed());
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get output(): string {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Resolves to the port once the process says that it is ready. Rejects if it ends before. */
  async ready(): Promise<number> {
    const match = await this.#seen(() => /^ready \S+:(\d+)\n/m.exec(this.#output));
    return Number(match[1]);
  }

  /** Resolves to what `pattern` finds on standard error, once it is there. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#seen(() => pattern.exec(this.#errors));
  }

  /** Closes the reading end of its standard output. */
  stopListening(): void {
    this.#child.stdout!.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process has ended, and its directory is gone. */
  async end(): Promise<Ending> {
    await this.#ended;
    rmSync(this.directory, { recursive: true, force: true });
    return { exitCode: this.#child.exitCode, output: this.#output, errors: this.#errors };
  }

  async #seen<T>(look: () => T | null): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== null) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`kvorum ended with ${this.#child.exitCode}:\n${this.#output}${this.#errors}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

/** Resolves to what a server answers to one inline command, up to its end or the first line. */
export async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  socket.write(`${command}\r\n`);
  let answer = "";
  for await (const text of socket) {
    answer += text;
    if (answer.endsWith("\r\n")) break;
  }
  return answer;
}
