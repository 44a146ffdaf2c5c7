/** All that a server's door has for its cluster, put together. */
import type { StorageNode } from "../../node/node.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Clock, Random } from "../../runtime/runtime.ts";
import type { RunnableCommand } from "../command-shape.ts";
import { ClusterKeys } from "./cluster-keys.ts";
import { ClusterTransactions } from "./cluster-transactions.ts";
import { EncodedReplies, type LimitsReplies } from "./encoded-replies.ts";
import { Forwarder } from "./forwarder.ts";
import { KeyFlush } from "./key-flush.ts";
import { KeySweep } from "./key-sweep.ts";
import { LocalKeys } from "./local-keys.ts";
import { PeerRequests } from "./peer-requests.ts";
import { RowTally } from "./row-tally.ts";
import type { ServedCluster } from "./served-cluster.ts";
import { WholeDatabase } from "./whole-database.ts";

export interface ClusterDoorParts {
  readonly cluster: ServedCluster;
  readonly node: StorageNode;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep" | "wallMs">;
  readonly random: Random;
  /** May change. */
  readonly settings: { readonly valueBytesMax: number };
  readonly host: LimitsReplies;
  /** See PeerRequests. */
  commandOf(args: readonly Uint8Array[]): RunnableCommand;
  refusal(cause: unknown): Reply;
}

export class ClusterDoor {
  readonly cluster: ServedCluster;
  readonly keys: ClusterKeys;
  readonly transactions: ClusterTransactions;
  readonly sweep: KeySweep;
  readonly tally: RowTally;
  readonly database: WholeDatabase;

  /** From now on this node answers other nodes' doors. */
  constructor({ cluster, node, clock, random, settings, host, commandOf, refusal }: ClusterDoorParts) {
    const { replica, stamper } = node;
    const forwarder = new Forwarder(cluster, clock, random.uint32());
    const replies = new EncodedReplies(host);
    const localKeys = new LocalKeys(replica, node.engine, clock);
    this.cluster = cluster;
    this.keys = new ClusterKeys({ cluster, replica, stamper, forwarder, settings });
    const parts = { cluster, keys: this.keys, replica, forwarder, replies, clock, settings, refusal };
    this.transactions = new ClusterTransactions(parts);
    this.sweep = new KeySweep({ cluster, keys: this.keys, localKeys });
    const flush = new KeyFlush({ ...parts, sweep: this.sweep, localKeys });
    this.tally = new RowTally(cluster, localKeys, this.sweep);
    this.database = new WholeDatabase({
      keys: this.keys,
      sweep: this.sweep,
      tally: this.tally,
      flush,
      host,
      clock,
      random,
    });
    const makeRoom = (): boolean => node.makeRoom();
    new PeerRequests({ ...parts, transactions: this.transactions, localKeys, flush, commandOf, makeRoom });
  }
}
