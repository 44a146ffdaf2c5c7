import { expect, test } from "vitest";
import { commandText, environmentOf, planNodes } from "./up-plan.ts";

const request = {
  host: "127.0.0.1",
  ports: [7001, 7002, 7004],
  dataDirectory: "/d",
  flags: new Map<string, string>(),
  switches: new Set(["recover"]),
};

test("each node has ports, a directory and a machine of its own, and knows the others", () => {
  const nodes = planNodes(request);
  expect(nodes.map(({ name, port, peerPort, adminPort }) => ({ name, port, peerPort, adminPort }))).toEqual([
    { name: "node-1", port: 7001, peerPort: 17001, adminPort: 8001 },
    { name: "node-2", port: 7002, peerPort: 17002, adminPort: 8002 },
    { name: "node-3", port: 7004, peerPort: 17004, adminPort: 8004 },
  ]);
  expect(nodes[1]).toMatchObject({ dataDirectory: "/d/node-2", logFile: "/d/node-2.log" });
  expect(commandText(nodes[1]!.args)).toBe(
    "serve --port 7002 --data /d/node-2 --peer-host 127.0.0.1 --peer-port 17002 --machine node-2 " +
      "--admin-port 8002 --join 127.0.0.1:17001,127.0.0.1:17004",
  );
});

test("what holds for all is passed on, but not what each is given, nor the password", () => {
  const flags = new Map([
    ["port", "7001"],
    ["data", "elsewhere"],
    ["fsync", "always"],
    ["recover", "true"],
    ["password", "xyzzy"],
  ]);
  for (const { args } of planNodes({ ...request, flags })) {
    expect(args.slice(-3)).toEqual(["--fsync", "always", "--recover"]);
    expect(args.filter((word) => word === "--data" || word === "--port")).toHaveLength(2);
    expect(args).not.toContain("xyzzy");
  }
});

test("a single node joins nobody", () => {
  expect(planNodes({ ...request, ports: [7001] })[0]!.args).not.toContain("--join");
});

test("the password goes by the environment, from which settings of one node are taken out", () => {
  const given = {
    PATH: "/bin",
    KVORUM_PORT: "1",
    KVORUM_MACHINE: "m",
    KVORUM_FSYNC: "no",
    KVORUM_PASSWORD_FILE: "f",
  };
  expect(environmentOf(given, new Map())).toEqual({
    PATH: "/bin",
    KVORUM_FSYNC: "no",
    KVORUM_PASSWORD_FILE: "f",
  });
  expect(environmentOf(given, new Map([["password", "xyzzy"]]))).toEqual({
    ...{ PATH: "/bin", KVORUM_FSYNC: "no" },
    KVORUM_PASSWORD: "xyzzy",
  });
});

test("a command is shown as a shell takes it", () => {
  expect(commandText(["kvorum", "--data", "/my data/it's", "--port", "1"])).toBe(
    "kvorum --data '/my data/it'\\''s' --port 1",
  );
});
