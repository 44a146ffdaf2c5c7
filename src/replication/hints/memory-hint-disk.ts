/** Files in memory, for the hints of a node that keeps nothing on a disk. They end with the process. */
import { ioError } from "../../runtime/io-error.ts";
import type { HintDisk, HintFile } from "./hint-segment.ts";

export class MemoryHintDisk implements HintDisk {
  readonly #files = new Map<string, MemoryHintFile>();

  async makeDirectory(): Promise<void> {
    // There is one.
  }

  async list(): Promise<readonly string[]> {
    return [];
  }

  async open(path: string): Promise<HintFile> {
    const file = this.#files.get(path) ?? new MemoryHintFile();
    this.#files.set(path, file);
    return file;
  }

  async rename(from: string): Promise<void> {
    throw ioError("not-applied", `cannot rename ${from}`, "nothing in memory is found at a start");
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  async syncDirectory(): Promise<void> {
    // Nothing outlives the process.
  }
}

class MemoryHintFile implements HintFile {
  #bytes = new Uint8Array(1024);
  #length = 0;

  async append(bytes: Uint8Array): Promise<void> {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      longer.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = longer;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  async sync(): Promise<void> {
    // As durable as it will ever be.
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.#bytes.slice(offset, Math.min(offset + length, this.#length));
  }

  async sizeBytes(): Promise<number> {
    return this.#length;
  }

  async close(): Promise<void> {
    // It stays for who opens it again.
  }
}
