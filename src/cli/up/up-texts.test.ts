import { expect, test } from "vitest";
import { planNodes } from "./up-plan.ts";
import { clusterWelcome, deathNotice, startFailureNotice } from "./up-texts.ts";

function nodesOn(host: string, ...ports: number[]) {
  return planNodes({
    ...{ host, ports, dataDirectory: "d" },
    ...{ flags: new Map<string, string>(), switches: new Set<string>() },
  });
}

const words = { program: ["kvorum"], adminHost: "127.0.0.1", needsPassword: false, takesEnter: false };
const running = (host: string, ...ports: number[]) =>
  nodesOn(host, ...ports).map((node, index) => ({ node, processId: 100 + index }));

test("the welcome writes to one node, reads from another, and kills a third party to neither", () => {
  const text = clusterWelcome(running("127.0.0.1", 7001, 7002, 7003), words);
  expect(text).toContain("  redis-cli -p 7001 set greeting hello\n  redis-cli -p 7002 get greeting\n");
  expect(text).toContain("  kvorum status --port 7001\n  dashboard http://127.0.0.1:8001/\n");
  expect(text).toContain("  kill -9 101        # node-2\n  redis-cli -p 7003 get greeting\n");
  expect(text).toContain("d/node-1.log, d/node-2.log, d/node-3.log");
});

test("of one node, none is to be killed", () => {
  const text = clusterWelcome(running("127.0.0.1", 7001), words);
  expect(text).toContain("One node is running");
  expect(text).not.toContain("kill -9");
});

test("another address and the need of a password are shown", () => {
  const text = clusterWelcome(running("10.0.0.7", 7001, 7002), { ...words, needsPassword: true });
  expect(text).toContain("redis-cli -h 10.0.0.7 -p 7001 --askpass set");
  expect(text).toContain("kvorum status --host 10.0.0.7 --port 7001");
});

test("a death is told with the command that starts the node again", () => {
  const [node] = nodesOn("127.0.0.1", 7001, 7002);
  const text = deathNotice(node!, { exitCode: undefined, signal: "SIGKILL" }, undefined, words);
  expect(text).toContain("kvorum: node-1 (127.0.0.1:7001) was ended by SIGKILL\nTo start it again, type:\n");
  expect(text).toContain("  kvorum serve --port 7001 --data d/node-1 ");
  const failure = { exitCode: 1, signal: undefined };
  expect(deathNotice(node!, failure, "the disk is full", { ...words, takesEnter: true })).toContain(
    "has failed (exit code 1): the disk is full\nTo start it again, press Enter, or in another terminal:\n",
  );
});

test("a node that does not start is told with its own last words", () => {
  const [node] = nodesOn("127.0.0.1", 7001);
  const failure = { exitCode: 1, signal: undefined };
  expect(startFailureNotice(node!, failure, "the port is taken")).toBe(
    "kvorum: node-1 did not start, so all stop: the port is taken\n",
  );
  expect(startFailureNotice(node!, failure, undefined)).toContain("see d/node-1.log");
});
