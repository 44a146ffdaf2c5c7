/**
 * Arguments of the calls that one transaction has queued, taken out of the requests they came in: one after the other
 * in few buffers, since a buffer of its own costs an argument three times as much. They go together.
 */
const FIRST_BYTES = 512;
const BUFFER_BYTES_MAX = 8 * 1024;
/** A longer argument has a buffer of its own. */
const SHARED_BYTES_MAX = FIRST_BYTES;
/** Up to here a loop beats `set`. */
const LOOP_BYTES_MAX = 48;
const NO_BYTES = new Uint8Array(0);

export class KeptArguments {
  #bytes: Uint8Array = NO_BYTES;
  #end = 0;

  /** Copies that stay as they are for as long as somebody has them. */
  keep(args: readonly Uint8Array[]): Uint8Array[] {
    const kept: Uint8Array[] = [];
    for (const arg of args) kept.push(arg.length > SHARED_BYTES_MAX ? arg.slice() : this.#copy(arg));
    return kept;
  }

  #copy(arg: Uint8Array): Uint8Array {
    const { length } = arg;
    if (this.#end + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.min(Math.max(FIRST_BYTES, 4 * this.#bytes.length), BUFFER_BYTES_MAX));
      this.#end = 0;
    }
    const bytes = this.#bytes;
    const start = this.#end;
    if (length > LOOP_BYTES_MAX) bytes.set(arg, start);
    else for (let i = 0; i < length; i++) bytes[start + i] = arg[i]!;
    this.#end += length;
    return new Uint8Array(bytes.buffer, start, length);
  }
}
