import { expect, test } from "vitest";
import { memberNames } from "./member-names.ts";

const name = (...members: Parameters<typeof memberNames>[0]) => [...memberNames(members).values()];

test("a machine's label, where it tells the node from all others", () => {
  const a = { id: "a", machine: "node-1", host: "10.0.0.1", port: 1 };
  const b = { id: "b", machine: "node-2", host: "10.0.0.1", port: 2 };
  expect(name(a, b)).toEqual(["node-1", "node-2"]);
  expect(name(a, { ...b, machine: "node-1" })).toEqual(["10.0.0.1:1", "10.0.0.1:2"]);
});

test("else an address, else the id", () => {
  const machine = "0123456789abcdef";
  expect(name({ id: "a", machine, host: "10.0.0.1", port: 1 })).toEqual(["10.0.0.1:1"]);
  expect(name({ id: "a", machine, host: null, port: null })).toEqual(["a"]);
  expect(name({ id: "a", machine: "", host: undefined })).toEqual(["a"]);
});
