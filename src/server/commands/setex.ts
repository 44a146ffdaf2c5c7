/** `SETEX key seconds value`, `PSETEX key milliseconds value` -> OK. The older way to say SET with EX or PX. */
import { OK } from "../../resp/reply.ts";
import type { FastPath, UpdateCommand } from "../command.ts";
import { type ExpiryUnit, expiryOption, plainAmount } from "../expiry-arguments.ts";

export const setex: UpdateCommand = {
  ...expiringSet("setex", "EX"),
  since: "2.0.0",
  summary: "Gives a key a value that expires after so many seconds.",
  syntax: "key seconds value",
};

export const psetex: UpdateCommand = {
  ...expiringSet("psetex", "PX"),
  since: "2.6.0",
  summary: "Gives a key a value that expires after so many milliseconds.",
  syntax: "key milliseconds value",
};

/** Hot. */
export const setexFast: FastPath = expiringSetFast(1000);
export const psetexFast: FastPath = expiringSetFast(1);

function expiringSetFast(unitMs: number): FastPath {
  return ({ server, database }, request, writer) => {
    if (request.argCount !== 4) return false;
    const expiresAtMs = plainAmount(request, 2, unitMs, server.wallMs);
    if (expiresAtMs === undefined) return false;
    const written = server.node.replica.overwrite(database, request, 3, expiresAtMs, server.wallMs);
    if (written instanceof Promise) return written.then(() => OK);
    if (written) writer.ok();
    return written;
  };
}

function expiringSet(name: string, unit: ExpiryUnit) {
  return {
    name,
    kind: "update",
    arity: 4,
    flags: ["write", "denyoom"],
    group: "string",
    complexity: "O(1)",
    keys: { first: 1, last: 1, step: 1 },
    isBlind: () => true,
    run(_view, args, { wallMs }) {
      const expiresAtMs = expiryOption(args[2]!, unit, wallMs, name);
      return { reply: OK, change: { kind: "put", value: args[3]!, expiresAtMs } };
    },
  } as const satisfies Partial<UpdateCommand>;
}
