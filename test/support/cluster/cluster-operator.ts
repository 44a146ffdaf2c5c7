/**
 * Whoever runs a cluster of real processes: takes nodes in and out, and puts new ones in the place of those that have lost
 * their disks, one after another, each only once the cluster has got over the one before (docs/operations.md).
 */
import type { ClusterStatus } from "../../../src/server/commands/kv-status.ts";
import { RawClient } from "../raw-client.ts";
import type { RealCluster, RealNode } from "./real-cluster.ts";
import { until } from "./until.ts";

/** Of a machine that does much else. */
const MOVE_MS = 300_000;
/** Of each node, when something did not come to be. */
const LOG_LINES = 25;

export class ClusterOperator {
  readonly #cluster: RealCluster;

  constructor(cluster: RealCluster) {
    this.#cluster = cluster;
  }

  /** Resolves when nothing moves, all are up and nobody waits for writes: another disk may be lost then. */
  async rested(): Promise<void> {
    const { nodes } = this.#cluster;
    await until(
      "all is well",
      async () => {
        const views = await Promise.all(nodes.map((node) => node.status()));
        return views.every(
          ({ move, members }) =>
            move === null &&
            members.length === nodes.length &&
            members.every(({ up, state, hintsPending }) => up && state === "member" && hintsPending === 0),
        );
      },
      MOVE_MS,
    );
  }

  /** Resolves when the newcomer has its share. */
  async join(): Promise<void> {
    const node = await this.#cluster.add();
    const { self } = await node.status();
    await this.#planned(
      `${node.name} is a member`,
      ({ move, members }) =>
        move === null && members.some(({ id, state }) => id === self && state === "member"),
    );
  }

  /** Resolves when it has left. */
  async leave(node: RealNode): Promise<void> {
    const { self } = await node.status();
    await until(`${node.name} is told to leave`, () => this.#ask(node, "leave", self), MOVE_MS);
    await this.#planned(
      `${node.name} has left`,
      ({ move, members }) => move === null && !members.some(({ id }) => id === self),
    );
  }

  /** The node, which was that member, has lost its disk, and is off. Resolves when it has all again, as another member. */
  async replace(node: RealNode, lost: string): Promise<void> {
    await this.#cluster.start(node);
    await this.#planned(
      `${node.name} has taken the place of ${lost}`,
      ({ move, members }) => move === null && !members.some(({ id }) => id === lost),
    );
  }

  /** By the newest plan that anybody knows. */
  async #planned(what: string, isSo: (status: ClusterStatus) => boolean): Promise<void> {
    const look = async (): Promise<boolean> => {
      const asked = this.#cluster.nodes.map((node) => node.status().catch(() => undefined));
      const views = (await Promise.all(asked)).filter((view) => view !== undefined);
      views.sort((a, b) => b.epoch - a.epoch);
      return views[0] !== undefined && isSo(views[0]);
    };
    await until(what, look, MOVE_MS).catch(async (cause: unknown) => {
      throw new Error(`${cause}\n${await this.#account()}`);
    });
  }

  /** What each node knows, and has said of late. */
  async #account(): Promise<string> {
    const accounts = this.#cluster.nodes.map(async (node) => {
      const status = await node.status().catch((cause: unknown) => `${cause}`);
      const said = node.log.split("\n").slice(-LOG_LINES).join("\n");
      return `${node.name} ${JSON.stringify(status)}\n${said}`;
    });
    return (await Promise.all(accounts)).join("\n\n");
  }

  /** Of some node but that one. True if it is done, or begun. */
  async #ask(leaver: RealNode, word: string, id: string): Promise<boolean> {
    const asked = this.#cluster.nodes.find((node) => node !== leaver && node.isAlive);
    const client = await RawClient.connect(asked!.port);
    try {
      const reply = (await client.call("kv.member", word, id)).toString();
      if (reply.startsWith("+OK")) return true;
      const { members } = await asked!.status();
      return !members.some((member) => member.id === id && member.state !== "leaving");
    } finally {
      client.close();
    }
  }
}
