import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeLock } from "./lock-file.ts";

let directory = "";
let path = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-lock-"));
  path = join(directory, "LOCK");
});

afterEach(() => rmSync(directory, { recursive: true }));

test("the holder is named to whoever comes second", async () => {
  await takeLock(path);
  await expect(takeLock(path)).rejects.toThrow(`in use by process ${process.pid}`);
  expect(readdirSync(directory)).toEqual(["LOCK"]);
});

test.each([
  ["of a dead process", () => `${spawnSync("true").pid} \n`],
  ["of a process whose id was given again", () => `${process.pid} 1/another-boot\n`],
  ["that was not written whole", () => ""],
])("a lock %s is taken over", async (_, content) => {
  writeFileSync(path, content());
  const lock = await takeLock(path);
  await expect(takeLock(path)).rejects.toMatchObject({ code: "EAGAIN" });
  await lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

test("a bit that flips in a dead process's lock keeps nobody out", async () => {
  const content = Buffer.from(`${spawnSync("true").pid} 1234567/another-boot\n`);
  for (let bit = 0; bit < 8 * content.length; bit++) {
    const flipped = Buffer.from(content);
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, flipped);
    await (await takeLock(path)).release();
  }
});

test("of many who find a dead process's lock, one gets it", async () => {
  const dead = `${spawnSync("true").pid} \n`;
  for (let round = 0; round < 50; round++) {
    writeFileSync(path, dead);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(path)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(readdirSync(directory)).toEqual(["LOCK"]);
  }
});

test("those who died while they took a dead process's lock over keep nobody out, and leave nothing", async () => {
  // The last ones as a power failure may leave them.
  let file = path;
  for (const content of [`${spawnSync("true").pid} \n`, `${spawnSync("true").pid} \n`, "", ""]) {
    writeFileSync(file, content);
    file = claimTo(file, content);
  }
  await takeLock(path);
  expect(readdirSync(directory)).toEqual(["LOCK"]);
});

test("while a living process takes a lock over, others are told of it", async () => {
  const holder = `${spawnSync("true").pid} \n`;
  await takeLock(path);
  const own = readFileSync(path);
  writeFileSync(path, holder);
  writeFileSync(claimTo(path, holder), own);
  await expect(takeLock(path)).rejects.toThrow(`being taken over by process ${process.pid}`);
});

/** Where the claim to replace a lock, or a claim, of this content stands. */
function claimTo(file: string, content: string): string {
  const digest = createHash("sha256")
    .update(`${basename(file)} ${content}`)
    .digest("hex");
  return `${path}.${digest.slice(0, 16)}`;
}

test.runIf(process.platform === "linux")("a living process keeps its lock", async () => {
  const other = spawn("sleep", ["60"]);
  try {
    const stat = readFileSync(`/proc/${other.pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    writeFileSync(path, `${other.pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}/${boot}\n`);
    await expect(takeLock(path)).rejects.toThrow(`in use by process ${other.pid}`);
  } finally {
    other.kill();
  }
});

test.runIf(process.platform === "linux")(
  "a process that ended unnoticed by its parent holds nothing",
  async () => {
    // The shell becomes a program that never asks after its child.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]);
    try {
      const [first] = await once(parent.stdout, "data");
      const id = Number(String(first));
      const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const fields = (): string[] => fieldsOf(readFileSync(`/proc/${id}/stat`, "utf8"));
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      writeFileSync(path, `${id} ${fields()[19]}/${boot}\n`);
      process.kill(id, "SIGKILL");
      while (fields()[0] !== "Z");
      await (await takeLock(path)).release();
    } finally {
      parent.kill("SIGKILL");
    }
  },
);
