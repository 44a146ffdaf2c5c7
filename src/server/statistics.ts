/** What the server counts, as INFO shows it; CONFIG RESETSTAT sets it back. */
const ERROR_CODES_MAX = 128;
const CODE_CHARACTERS_MAX = 32;

export class Statistics {
  connections = 0;
  rejectedConnections = 0;
  commands = 0;
  protocolErrors = 0;
  rejectedRequests = 0;
  /** Connections closed because of what they did not read, or because client memory ran out. */
  outputLimitCloses = 0;
  evictedClients = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Times that bytes were taken from, or given to, the network. */
  reads = 0;
  writes = 0;
  errors = 0;
  /** Rows that had expired or been evicted when the counting began: the engine counts from its start. */
  expiredRowsBefore = 0;
  evictedRowsBefore = 0;
  readonly errorsByCode = new Map<string, number>();
  /** Smoothed over the last seconds. */
  commandsPerSecond = 0;
  bytesInPerSecond = 0;
  bytesOutPerSecond = 0;
  #sampled = { commands: 0, bytesIn: 0, bytesOut: 0 };

  countRead(sizeBytes: number): void {
    this.bytesIn += sizeBytes;
    this.reads++;
  }

  countWrite(sizeBytes: number): void {
    this.bytesOut += sizeBytes;
    this.writes++;
  }

  /** `text` is an error reply's: its first word is the code, unless that is too long to be one. */
  countError(text: string): void {
    this.errors++;
    const codeEnd = `${text.slice(0, CODE_CHARACTERS_MAX)} `.indexOf(" ");
    const code = codeEnd < CODE_CHARACTERS_MAX ? text.slice(0, codeEnd) : "ERR";
    if (this.errorsByCode.size >= ERROR_CODES_MAX && !this.errorsByCode.has(code)) return;
    this.errorsByCode.set(code, (this.errorsByCode.get(code) ?? 0) + 1);
  }

  /** Call once a second or so: measures the rates since the last call. */
  sample(elapsedMs: number): void {
    const perSecond = (now: number, before: number): number =>
      Math.round(((now - before) * 1000) / elapsedMs);
    this.commandsPerSecond = perSecond(this.commands, this.#sampled.commands);
    this.bytesInPerSecond = perSecond(this.bytesIn, this.#sampled.bytesIn);
    this.bytesOutPerSecond = perSecond(this.bytesOut, this.#sampled.bytesOut);
    this.#sampled = { commands: this.commands, bytesIn: this.bytesIn, bytesOut: this.bytesOut };
  }

  /** Begins all counts anew; what the engine counts goes on, and is reckoned from here. */
  reset({ expiredRows, evictedRows }: { readonly expiredRows: number; readonly evictedRows: number }): void {
    this.expiredRowsBefore = expiredRows;
    this.evictedRowsBefore = evictedRows;
    this.connections = 0;
    this.rejectedConnections = 0;
    this.commands = 0;
    this.protocolErrors = 0;
    this.rejectedRequests = 0;
    this.outputLimitCloses = 0;
    this.evictedClients = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.reads = 0;
    this.writes = 0;
    this.errors = 0;
    this.errorsByCode.clear();
    this.#sampled = { commands: 0, bytesIn: 0, bytesOut: 0 };
  }
}
