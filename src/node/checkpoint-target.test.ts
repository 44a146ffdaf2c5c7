import { expect, test } from "vitest";
import type { Disk } from "../runtime/runtime.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { checkpointTarget } from "./checkpoint-target.ts";

async function target(asked: string, directory = "/data"): Promise<string> {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  const prepare = async (): Promise<string> => {
    for (const folder of ["/data/tables", "/data/log", "/data/checkpoints/old/tables"])
      await disk.makeDirectory(folder);
    return await checkpointTarget(disk, directory, asked);
  };
  return world.runUntil(prepare());
}

test.each([
  ["monday", "/data/checkpoints/monday"],
  ["/backup/monday", "/backup/monday"],
  ["/backup//./monday/", "/backup/monday"],
  ["/data-2", "/data-2"],
  ["/data/checkpoints/monday", "/data/checkpoints/monday"],
  ["/data/tables/../checkpoints/monday/", "/data/checkpoints/monday"],
])("%s: %s", async (asked, path) => {
  expect(await target(asked)).toBe(path);
});

test.each([
  ["a/b", /absolute path, or a name/],
  ["", /absolute path, or a name/],
  ["..", /absolute path, or a name/],
  ["/data/checkpoints/.hidden", /absolute path, or a name/],
  ["/a\0b", /zero bytes/],
  ["/data", /inside the data directory/],
  ["/data/", /inside the data directory/],
  ["/data/tables", /inside the data directory/],
  ["/data/log/x", /inside the data directory/],
  ["/backup/../data/log", /inside the data directory/],
  ["/data/checkpoints", /inside the data directory/],
  ["/data/checkpoints/old/tables", /inside the data directory/],
  ["/data/new/deep/down", /inside the data directory/],
])("%s is refused", async (asked, reason) => {
  await expect(target(asked)).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: expect.stringMatching(reason),
  });
});

test("a link into the data directory is no way around that", async () => {
  const ids: Record<string, string> = { "/data/tables": "1", "/shortcut": "1", "/data": "2" };
  const disk = {
    makeDirectory: async () => undefined,
    fileId: async (path: string) => ids[path] ?? `nothing else: ${path}`,
  } as unknown as Disk;
  await expect((async () => checkpointTarget(disk, "/data", "/shortcut/x"))()).rejects.toThrow(
    /inside the data directory/,
  );
  expect(await checkpointTarget(disk, "/data", "/elsewhere/x")).toBe("/elsewhere/x");
});
