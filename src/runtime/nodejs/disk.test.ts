import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type InDisk, testDisk } from "../disk.contract.ts";
import { createNodejsDisk } from "./disk.ts";

const inDisk: InDisk = async (body) => {
  const directory = mkdtempSync(join(tmpdir(), "kvorum-disk-"));
  try {
    await body(createNodejsDisk(), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

testDisk("nodejs disk", inDisk);

test.runIf(process.platform === "linux")(
  "nodejs disk: a full device is told as such, with what was applied",
  async () => {
    const file = await createNodejsDisk().open("/dev/full");
    await expect(file.append(Uint8Array.of(1))).rejects.toMatchObject({
      code: "IO",
      outcome: "not-applied",
      cause: { code: "ENOSPC" },
    });
    await file.close();
  },
);
