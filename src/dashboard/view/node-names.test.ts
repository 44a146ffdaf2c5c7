import { expect, test } from "vitest";
import { NodeNames } from "./node-names.ts";

const member = (id: string, machine: string, port: number) => ({ id, machine, host: "10.0.0.1", port });

test("a node is called by its machine where it is alone there, else by its address", () => {
  const names = new NodeNames([
    member("aaaaaaaaaaaaaaaa", "oak", 7001),
    member("bbbbbbbbbbbbbbbb", "elm", 7002),
    member("cccccccccccccccc", "elm", 7003),
  ]);
  expect(names.all.map(({ text }) => text)).toEqual(["10.0.0.1:7002", "10.0.0.1:7003", "oak"]);
  expect(names.of("aaaaaaaaaaaaaaaa").text).toBe("oak");
});

test("colours follow the order of names, in which 10 comes behind 2", () => {
  const members = [10, 2, 1].map((n) => member(`id${n}`, `node-${n}`, n));
  const names = new NodeNames(members);
  expect(names.all.map(({ text, colour }) => [text, colour])).toEqual([
    ["node-1", 0],
    ["node-2", 1],
    ["node-10", 2],
  ]);
});

test("the node's own word comes first; who is unknown has the beginning of its id", () => {
  const ring = { slots: 16384, next: null, members: [{ id: "a", name: "Ada", tokens: [] }] };
  const names = new NodeNames([member("a", "oak", 1)], ring);
  expect(names.of("a").text).toBe("Ada");
  expect(names.ofActor("0123456789abcdef")).toBe("01234567");
});
