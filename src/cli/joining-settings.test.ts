import { expect, test } from "vitest";
import { loadJoiningSettings } from "./joining-settings.ts";

const load = (flags: Record<string, string>, environment: Record<string, string> = {}) =>
  loadJoiningSettings({
    flags: new Map(Object.entries({ join: "127.0.0.1:17001", ...flags })),
    environment,
    readFile: async () => "",
  });

test("a node that joins has a peer port above its port, wherever that is said, or the one that it is given", async () => {
  expect(await load({ port: "7004" })).toMatchObject({ port: 7004, peerPort: 17004 });
  expect(await load({}, { KVORUM_PORT: "7005" })).toMatchObject({ peerPort: 17005 });
  expect(await load({ port: "0" })).toMatchObject({ peerPort: 0 });
  expect(await load({ port: "7004", "peer-port": "9" })).toMatchObject({ peerPort: 9 });
});

test("what is wrong is told once, and a port without room above it wants a peer port", async () => {
  await expect(load({ port: "x" })).rejects.toThrow(/^port must be [^\n]+$/);
  await expect(load({ port: "60000" })).rejects.toThrow(/add --peer-port/);
});
