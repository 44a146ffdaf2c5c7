/** A question to a running node, and what is wrong in words for the person who asked. */
import { StoreError } from "../base/errors.ts";
import type { Reply } from "../resp/reply.ts";
import { systemCode } from "../runtime/io-error.ts";
import type { Network } from "../runtime/runtime.ts";
import { callNode, type NodeAddress } from "./node-call.ts";
import { addressOf } from "./start-failure.ts";

export interface AskedNode extends NodeAddress {
  readonly password: string | undefined;
}

/** No answer. The message completes "kvorum: it was not done". */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** The node's own words, if it has refused. */
  readonly refusal: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly refusal?: string } = {}) {
    super(message, options);
    this.refusal = options.refusal;
  }
}

/** Resolves to one reply for each call, none of them an error. Rejects with NoAnswer, also once `expiry` resolves. */
export async function askNode(
  network: Pick<Network, "connect">,
  { host, port, password }: AskedNode,
  calls: readonly (readonly string[])[],
  expiry?: Promise<unknown>,
): Promise<readonly Reply[]> {
  const asked = password === undefined ? calls : [["AUTH", password], ...calls];
  const replies = await callNode(network, { host, port }, asked, expiry).catch((cause: unknown) => {
    if (!(cause instanceof StoreError)) throw cause;
    throw new NoAnswer(` by the node at ${addressOf(host, port)}: ${reasonOf(cause)}`, { cause });
  });
  const refusal = refusalIn(replies);
  if (refusal !== undefined) throw new NoAnswer(`: ${explain(refusal)}`, { refusal });
  return password === undefined ? replies : replies.slice(1);
}

/** What an answer is that no node of Kvorum gives. */
export function strangerThere(): NoAnswer {
  return new NoAnswer(": what listens there is no node of Kvorum");
}

function refusalIn(replies: readonly Reply[]): string | undefined {
  for (const reply of replies) {
    if (typeof reply === "object" && reply !== null && "kind" in reply && reply.kind === "failure")
      return reply.text;
  }
  return undefined;
}

function explain(refusal: string): string {
  const code = /^[A-Z]+/.exec(refusal)?.[0];
  if (code === "WRONGPASS") return "the node does not take this password";
  if (code === "NOAUTH") return "the node wants a password: KVORUM_PASSWORD, --password-file or --password";
  if (/^ERR unknown command/.test(refusal)) return "what listens there is no node of Kvorum";
  return `the node says: ${refusal}`;
}

function reasonOf(cause: StoreError): string {
  switch (systemCode(cause)) {
    case "ECONNREFUSED":
      return "nobody listens there; is it running? See --host and --port";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "no machine of that name is known; see --host";
    default:
      return cause.message;
  }
}
