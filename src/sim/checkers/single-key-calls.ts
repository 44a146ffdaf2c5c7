/**
 * The deeds of one key in the words of a sequential model. In a cluster DEL answers what its own node saw: whether a key
 * was there is not held against it.
 */
import type { Deed } from "./deed.ts";
import type { Call } from "./linearizability/call.ts";
import type { CounterInput } from "./linearizability/counter-model.ts";
import { type Life, NO_EXPIRY, type RegisterInput } from "./linearizability/register-model.ts";

export type OperationCall<Input> = Call<Input> & {
  /** Index of its operation. */
  readonly operation: number;
};

/** Undefined if some of it is not a register's. Sorted by begin. Expiries are calls of their own. */
export function registerCalls(deeds: readonly Deed[]): readonly OperationCall<RegisterInput>[] | undefined {
  const calls: OperationCall<RegisterInput>[] = [];
  let lives = NO_EXPIRY;
  for (const deed of deeds) {
    const ttlMs = deed.change !== undefined && "ttlMs" in deed.change ? deed.change.ttlMs : undefined;
    const life = ttlMs === undefined ? NO_EXPIRY : ++lives;
    const input = registerInput(deed, life);
    if (input === "none") continue;
    if (input === undefined) return undefined;
    calls.push({ ...timesOf(deed), input });
    if (ttlMs !== undefined) calls.push(expiryOf(deed, ttlMs, life));
  }
  return calls.sort((a, b) => a.invokedAtMs - b.invokedAtMs);
}

/** Undefined if some of it is not a counter's. */
export function counterCalls(deeds: readonly Deed[]): readonly OperationCall<CounterInput>[] | undefined {
  const calls: OperationCall<CounterInput>[] = [];
  for (const deed of deeds) {
    const { change, shown, isAcked, name } = deed;
    if (name.startsWith("KV.")) return undefined;
    if (change?.kind === "add") {
      const answer = shown === undefined ? undefined : BigInt(shown[0]!);
      calls.push({ ...timesOf(deed), input: { kind: "add", by: change.by, answer } });
    } else if (change === undefined && shown !== undefined) {
      const [count] = shown;
      calls.push({
        ...timesOf(deed),
        input: { kind: "get", answer: count === undefined ? null : BigInt(count) },
      });
    } else if (change !== undefined || isAcked) return undefined;
  }
  return calls;
}

/** "none" for what neither changed nor showed anything; undefined for what is no register's. */
function registerInput(
  { name, change, shown, operation }: Deed,
  life: Life,
): RegisterInput | "none" | undefined {
  const answer = shown === undefined ? undefined : (shown[0] ?? null);
  const isIf = operation.command.some((word) => word === "NX" || word === "XX");
  switch (change?.kind) {
    case undefined:
      if (name.startsWith("KV.")) return undefined;
      return answer === undefined ? "none" : { kind: "get", answer };
    case "put": {
      if (name.startsWith("KV.")) return undefined;
      const { value } = change;
      if (name === "GETSET" || answer !== undefined) return { kind: "swap", value, life, answer };
      if (!isIf) return { kind: "set", value, life };
      return { kind: "set-if", present: operation.command.includes("XX"), value, life, answer: undefined };
    }
    case "delete":
      if (name.startsWith("KV.")) return undefined;
      return name === "GETDEL" ? { kind: "take", answer } : { kind: "delete", answer: undefined };
    case "append":
      return { kind: "append", suffix: change.suffix, length: undefined };
    case "renew":
      return change.ttlMs === undefined
        ? { kind: "persist", answer: undefined }
        : { kind: "renew", life, answer: undefined };
    case "add":
      return undefined;
  }
}

/** It may be gone when the first clock that could have stamped it says so, and must be when the last does. */
function expiryOf(
  { invokedAtMs, endedAtMs, operation }: Deed,
  ttlMs: number,
  life: Life,
): OperationCall<RegisterInput> {
  return {
    input: { kind: "expire", life },
    client: -life,
    invokedAtMs: invokedAtMs + ttlMs,
    endedAtMs: endedAtMs + ttlMs,
    operation: operation.index,
  };
}

function timesOf({ operation, invokedAtMs, endedAtMs }: Deed) {
  return { client: operation.client, invokedAtMs, endedAtMs, operation: operation.index };
}
