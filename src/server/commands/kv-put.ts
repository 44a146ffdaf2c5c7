/**
 * `KV.PUT key value [CONTEXT context] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] [RECEIPT]` -> a context that stands for
 * having seen this value too; with RECEIPT, an array of that and of what the write rests on (receipt-reply.ts). It replaces what the given context has seen and nothing else: without one, it stands beside
 * whatever is there. In a keyspace whose conflict rule is "newest", it replaces all that is there.
 */
import { StoreError } from "../../base/errors.ts";
import { type Cell, type ClientContext, EMPTY_CELL, NEVER } from "../../causality/cell.ts";
import { seenWithOwn } from "../../causality/cell-write.ts";
import {
  decodeContextToken,
  encodeClientContext,
  encodeContextToken,
} from "../../causality/context-token.ts";
import { covers } from "../../causality/version-vector.ts";
import { latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type Effect, type UpdateCommand } from "../command.ts";
import { type ExpiryUnit, expiryOption, isExpiryUnit } from "../expiry-arguments.ts";

export const kvPut: UpdateCommand = {
  name: "kv.put",
  kind: "update",
  arity: -3,
  flags: ["write", "denyoom"],
  group: "kvorum",
  since: "0.1.0",
  summary:
    "Replaces the values of a key that a context has seen; values it has not seen stay beside the new one.",
  complexity: "O(N) with N concurrent values",
  keys: { first: 1, last: 1, step: 1 },
  syntax:
    "key value [CONTEXT context] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] [RECEIPT]",
  isBlind: (args) => {
    const { keepsTtl, token } = parseOptions(args);
    return !keepsTtl && !namesDots(token);
  },
  leavesUnseen: true,
  keepsExpiry: (args) => parseOptions(args).keepsTtl,
  wantsReceipt: (args) => parseOptions(args).receipt,
  run({ cell = EMPTY_CELL, expiresAtMs: presentMs }, args, { wallMs, keyspaces }): Effect {
    const { token, expiry, keepsTtl } = parseOptions(args);
    const givenMs = expiry && expiryOption(expiry.amount, expiry.unit, wallMs, "kv.put");
    const seen = token === undefined ? EMPTY_CELL : decodeContextToken(latin1(token));
    const expiresAtMs = givenMs ?? (keepsTtl ? presentMs : NEVER);
    const change = { kind: "put", value: args[2]!, expiresAtMs } as const;
    if (keyspaces.of(args[1]!).conflictRule === "newest")
      return { reply: null, change, replyAfter: encodeContextToken };
    return {
      reply: null,
      change: { ...change, context: seen },
      replyAfter: (stored) => newToken(seen, cell, stored),
    };
  },
};

interface PutOptions {
  token?: Uint8Array;
  expiry?: { readonly unit: ExpiryUnit; readonly amount: Uint8Array };
  keepsTtl: boolean;
  receipt: boolean;
}

function parseOptions(args: readonly Uint8Array[]): PutOptions {
  const options: PutOptions = { keepsTtl: false, receipt: false };
  for (let i = 3; i < args.length; i++) {
    const option = word(args[i]!);
    const value = args[i + 1];
    const hasExpiry = options.keepsTtl || options.expiry !== undefined;
    if (option === "KEEPTTL" && !hasExpiry) {
      options.keepsTtl = true;
      continue;
    }
    if (option === "RECEIPT") {
      options.receipt = true;
      continue;
    }
    if (option === "CONTEXT" && options.token === undefined && value !== undefined) options.token = value;
    else if (isExpiryUnit(option) && !hasExpiry && value !== undefined)
      options.expiry = { unit: option, amount: value };
    else throw new CommandError(SYNTAX_ERROR);
    i++;
  }
  return options;
}

/**
 * True if the context has seen values that it does not cover. They can only be replaced where they are known: a replica
 * without them would forget that they were, and take them in later.
 */
function namesDots(token: Uint8Array | undefined): boolean {
  if (token === undefined) return false;
  try {
    return (decodeContextToken(latin1(token)).dots ?? []).length > 0;
  } catch (cause) {
    if (cause instanceof StoreError) return false; // whoever runs it says so
    throw cause;
  }
}

/** What the client has seen now: `own` is the sibling that `before` did not know. */
function newToken(seen: ClientContext, before: Cell, stored: Cell): string {
  const own = stored.siblings.find(({ dot }) => !covers(before.context, dot))!;
  return encodeClientContext(seenWithOwn(seen, own.dot, stored));
}
