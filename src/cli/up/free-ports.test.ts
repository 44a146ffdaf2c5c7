import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import type { ListenOptions } from "../../runtime/runtime.ts";
import { FIRST_PORT_MAX, freePorts } from "./free-ports.ts";

/** A machine on which these ports are taken. */
function machine(...taken: number[]) {
  const open = new Set<number>();
  const listen = async ({ host, port }: ListenOptions) => {
    if (taken.includes(port)) {
      const cause = Object.assign(new Error("taken"), { code: "EADDRINUSE" });
      throw new StoreError("IO", "not-applied", "taken", { cause });
    }
    open.add(port);
    return { host, port, close: async () => void open.delete(port) };
  };
  return { network: { listen }, open };
}

const find = (network: ReturnType<typeof machine>["network"], first: number, count: number) =>
  freePorts(network, { host: "127.0.0.1", first, count });

test("takes neighbours, and leaves none of them open", async () => {
  const { network, open } = machine();
  expect(await find(network, 7001, 3)).toEqual([7001, 7002, 7003]);
  expect(open.size).toBe(0);
});

test("passes over ports that are taken, and those of which a port for other nodes, or for people, is", async () => {
  expect(await find(machine(7001, 17003, 8005).network, 7001, 3)).toEqual([7002, 7004, 7006]);
});

test("ends where ports end", async () => {
  expect(await find(machine().network, FIRST_PORT_MAX - 1, 3)).toEqual([FIRST_PORT_MAX - 1, FIRST_PORT_MAX]);
});
