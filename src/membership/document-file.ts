/**
 * A small file that is replaced as a whole: whoever opens it after a crash finds what was there before or what was saved,
 * never a part of either. What stands in it is its user's business, checksum included.
 */
import type { Disk } from "../runtime/runtime.ts";

export class DocumentFile {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #name: string;
  #saving: Promise<void> = Promise.resolve();

  constructor(disk: Disk, directory: string, name: string) {
    this.#disk = disk;
    this.#directory = directory;
    this.#name = name;
  }

  get path(): string {
    return `${this.#directory}/${this.#name}`;
  }

  /** Undefined if nothing has ever been saved. Rejects with StoreError IO. */
  async load(): Promise<Uint8Array | undefined> {
    if (!(await this.#disk.exists(this.path))) return undefined;
    const file = await this.#disk.open(this.path, { create: false });
    try {
      return await file.read(0, await file.sizeBytes());
    } finally {
      await file.close();
    }
  }

  /** Resolves when durable; saves take effect in the order they were asked for. Rejects with StoreError IO. */
  save(bytes: Uint8Array): Promise<void> {
    const saved = this.#saving.then(() => this.#replace(bytes));
    this.#saving = saved.catch(() => undefined); // told to whoever asked for it
    return saved;
  }

  /** Resolves when nothing is being saved. */
  settled(): Promise<void> {
    return this.#saving;
  }

  async #replace(bytes: Uint8Array): Promise<void> {
    const draft = `${this.path}.new`;
    await this.#disk.remove(draft);
    const file = await this.#disk.open(draft);
    try {
      await file.append(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#disk.rename(draft, this.path);
    await this.#disk.syncDirectory(this.#directory);
  }
}
