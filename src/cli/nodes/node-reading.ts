/** What every node of a cluster says of itself, each asked at its own door. */
import { toText } from "../../base/bytes.ts";
import { plainReply } from "../../resp/plain-reply.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ClusterStatus, MemberStatus } from "../../server/commands/kv-status.ts";
import { askStatus } from "../cluster/cluster-view.ts";
import { type AskedNode, askNode, NoAnswer, strangerThere } from "../node-question.ts";
import { type LatencyBuckets, latencyBuckets } from "./latency-buckets.ts";

/** A node that stands still is not waited for. */
const ANSWER_MS_MAX = 2_000;

export interface NodeReading {
  readonly member: MemberStatus;
  /** Why it could not be asked; undefined if it has answered. */
  readonly problem: string | undefined;
  /** By field of INFO; empty if it has not answered. */
  readonly fields: ReadonlyMap<string, string>;
  /** Of all its commands together since it started; empty if it has not answered. */
  readonly latency: LatencyBuckets;
  /** Its wall clock less that of whoever asks, give or take half of how long the answer took; undefined if unknown. */
  readonly clockAheadMs: number | undefined;
  readonly answerMs: number;
}

export interface ClusterReading {
  readonly status: ClusterStatus;
  readonly nodes: readonly NodeReading[];
}

export interface ReadingRuntime {
  readonly network: Pick<Runtime["network"], "connect">;
  readonly clock: Pick<Runtime["clock"], "sleep" | "monotonicMs" | "wallMs">;
}

/** Asks `node` who is there, and then all of them at once. Rejects with NoAnswer if it does not say. */
export async function readCluster(runtime: ReadingRuntime, node: AskedNode): Promise<ClusterReading> {
  const status = await inTime(runtime, (expiry) => askStatus(runtime.network, node, expiry));
  // A node alone may listen on all addresses: then only whoever has found it knows where it is.
  const places = status.members.map((member) =>
    member.self ? { ...member, host: node.host, port: node.port } : member,
  );
  return { status, nodes: await Promise.all(places.map((member) => readNode(runtime, node, member))) };
}

/** What `ask` resolves to, which gets what resolves when it has taken too long. */
export async function inTime<T>(
  { clock }: Pick<ReadingRuntime, "clock">,
  ask: (expiry: Promise<void>) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  try {
    return await ask(clock.sleep(ANSWER_MS_MAX, over.signal));
  } finally {
    over.abort(); // a sleep would keep the program from its end
  }
}

async function readNode(
  runtime: ReadingRuntime,
  { password }: AskedNode,
  member: MemberStatus,
): Promise<NodeReading> {
  const { network, clock } = runtime;
  const nothing = { member, fields: new Map(), latency: new Map(), clockAheadMs: undefined, answerMs: 0 };
  const { host, port } = member;
  if (host === null || port === null) return { ...nothing, problem: "it has not said where it is" };
  const askedMs = clock.monotonicMs();
  const askedWallMs = clock.wallMs();
  try {
    const calls = [["TIME"], ["INFO", "everything"], ["LATENCY", "HISTOGRAM"]];
    const replies = await inTime(runtime, (expiry) =>
      askNode(network, { host, port, password }, calls, expiry),
    );
    const [time, fields, latency] = replies;
    const answerMs = clock.monotonicMs() - askedMs;
    return {
      ...{ member, problem: undefined, answerMs },
      fields: fieldsOf(fields),
      latency: latencyBuckets(plainReply(latency!)),
      clockAheadMs: wallMsOf(time) - (askedWallMs + answerMs / 2),
    };
  } catch (cause) {
    if (!(cause instanceof NoAnswer)) throw cause;
    return { ...nothing, problem: cause.message.replace(/^:? (by the node at \S+: )?/, "") };
  }
}

function fieldsOf(text: Reply | undefined): ReadonlyMap<string, string> {
  const lines = toTextOf(text).split("\r\n");
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return line.startsWith("#") || colon < 0
        ? []
        : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

function toTextOf(reply: Reply | undefined): string {
  if (reply instanceof Uint8Array) return toText(reply);
  if (typeof reply === "object" && reply !== null && "kind" in reply && reply.kind === "verbatim")
    return reply.text;
  throw strangerThere();
}

/** Of TIME: seconds and microseconds. */
function wallMsOf(reply: Reply | undefined): number {
  if (!Array.isArray(reply)) throw strangerThere();
  const [seconds, micros] = (reply as readonly Reply[]).map((part) => Number(toTextOf(part)));
  return seconds! * 1_000 + micros! / 1_000;
}
