/** A disk that is really full, through real sockets, with a process that is killed at the end. */
import { afterAll, afterEach, expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { RawClient } from "./support/raw-client.ts";
import { RunningKvorum } from "./support/running-kvorum.ts";
import { SmallDisk } from "./support/small-disk.ts";

const MIB = 1024 * 1024;
const clock = createNodejsClock();
const nodes: RunningKvorum[] = [];
/** Undefined where nothing can be mounted. */
const disk = await SmallDisk.mount(24 * MIB);

afterEach(async () => {
  for (const node of nodes) node.signal("SIGKILL");
  await Promise.all(nodes.splice(0).map((node) => node.end()));
});

afterAll(async () => disk?.unmount());

function serve(fsync: string): RunningKvorum {
  const directory = `${disk!.path}/${fsync}`;
  const storage = ["--storage", "disk", "--data", directory, "--fsync", fsync, "--memtable", "1mb"];
  const node = new RunningKvorum(["serve", "--port", "0", ...storage]);
  nodes.push(node);
  return node;
}

/** Writes rows of a kilobyte, and keeps what was acknowledged. */
class Writer {
  readonly acknowledged = new Map<string, string>();
  readonly #port: number;
  #client: RawClient | undefined;
  #count = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** The reply; empty if the connection ended without one. */
  async write(): Promise<string> {
    const [key, value] = [`key ${this.#count++}`, `${this.#count}`.padEnd(1024, ".")];
    this.#client ??= await RawClient.connect(this.#port);
    const reply = await this.#client.call("set", key, value).then(String, () => "");
    if (reply === "+OK\r\n") this.acknowledged.set(key, value);
    if (reply === "") this.#client = undefined;
    return reply;
  }

  /** Goes on until the reply begins so, and returns it. */
  async writeUntil(beginning: string, pauseMs: number): Promise<string> {
    for (;;) {
      const reply = await this.write();
      if (reply.startsWith(beginning)) return reply;
      await clock.sleep(pauseMs);
    }
  }
}

/** Under everysec, what was acknowledged is in the file some milliseconds later. */
async function nothingIsInMemoryOnly(client: RawClient): Promise<void> {
  while (!`${await client.call("info", "kvorum_disk")}`.includes("lsm_log_backlog_bytes:0\r\n"));
}

test.skipIf(disk === undefined).each(["always", "everysec"])(
  "a full disk refuses writes and serves reads, goes on when there is room, and has lost nothing (fsync %s)",
  async (fsync) => {
    const first = serve(fsync);
    const port = await first.ready();
    const writer = new Writer(port);
    for (let i = 0; i < 3000; i++) await writer.write();
    expect(writer.acknowledged.size).toBe(3000);
    disk!.fill();
    // Who waits for the disk, as under everysec only those do whom it cannot keep up with, is told that it is full; who comes later is refused.
    const outcome = fsync === "always" ? "UNKNOWN" : "(UNKNOWN|NOTAPPLIED)";
    expect(await writer.writeUntil("-IO", 0)).toMatch(new RegExp(`^-IO ${outcome} disk full: `));
    expect(await writer.writeUntil("-IO NOTAPPLIED", 0)).toContain("disk full: ");
    const reader = await RawClient.connect(port);
    expect(`${await reader.call("get", "key 0")}`).toBe(`$1024\r\n${"1".padEnd(1024, ".")}\r\n`);
    expect(`${await reader.call("incr", "n")}`).toMatch(/^-IO NOTAPPLIED disk full: /);
    expect(`${await reader.call("info", "kvorum_disk")}`).toMatch(
      /lsm_refuses_writes:1\r\nlsm_refusal:disk full: /,
    );
    disk!.free();
    await writer.writeUntil("+OK", 20);
    // Few: so that what is in the log goes into no table before the end.
    for (let i = 0; i < 100; i++) expect(await writer.write()).toBe("+OK\r\n");
    await nothingIsInMemoryOnly(reader);
    first.signal("SIGKILL");
    await first.end();
    const again = await RawClient.connect(await serve(fsync).ready());
    for (const [key, value] of writer.acknowledged) {
      expect(`${await again.call("get", key)}`).toBe(`$1024\r\n${value}\r\n`);
    }
  },
  60_000,
);
