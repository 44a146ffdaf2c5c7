/** Says how far many runs are: a bar that is drawn over, on a terminal; else a line now and then. */

const BAR_CELLS = 30;
/** Of a progress that nobody draws over: at most so many lines in all. */
const LINES_MAX = 20;

export interface ProgressOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
}

export class RunProgress {
  readonly #output: ProgressOutput;
  readonly #total: number;
  #drawn = "";
  #lines = 0;

  constructor(output: ProgressOutput, total: number) {
    this.#output = output;
    this.#total = total;
  }

  /** `done` of the total, whole runs and the part of the present one. */
  show(done: number, violations: number): void {
    const share = Math.min(1, done / this.#total);
    const counts = `${Math.floor(done)} of ${this.#total} seeds, ${violations} violations`;
    if (this.#output.isTerminal) this.#draw(share, counts);
    else if (share >= (this.#lines + 1) / LINES_MAX) {
      this.#lines = Math.floor(share * LINES_MAX);
      this.#output.write(`${Math.floor(share * 100)} %: ${counts}\n`);
    }
  }

  /** A line that stays, above the bar. */
  say(line: string): void {
    this.clear();
    this.#output.write(`${line}\n`);
  }

  clear(): void {
    if (this.#drawn !== "") this.#output.write(`\r${" ".repeat(this.#drawn.length)}\r`);
    this.#drawn = "";
  }

  #draw(share: number, counts: string): void {
    const full = Math.round(share * BAR_CELLS);
    const text = `[${"#".repeat(full)}${".".repeat(BAR_CELLS - full)}] ${counts}`;
    if (text === this.#drawn) return;
    this.#output.write(`\r${text.padEnd(this.#drawn.length)}`);
    this.#drawn = text;
  }
}
