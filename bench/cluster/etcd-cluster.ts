/** Three etcd members. etcd syncs every write to the disks of a majority before it answers. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../peers/contender.ts";
import { freePort } from "../peers/free-port.ts";
import { type ClusterContender, togetherAs } from "./contender.ts";

export const HOW_TO_INSTALL_ETCD = "apt-get install etcd-server";

const MEMBERS = 3;

export async function startEtcdCluster(): Promise<ClusterContender> {
  const ports: { name: string; client: string; peer: string; port: number }[] = [];
  for (let i = 1; i <= MEMBERS; i++) {
    const port = await freePort();
    const peer = `http://127.0.0.1:${await freePort()}`;
    ports.push({ name: `m${i}`, client: `http://127.0.0.1:${port}`, peer, port });
  }
  const all = ports.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const members = await Promise.all(
    ports.map(({ name, client, peer, port }) => {
      const directory = mkdtempSync(join(tmpdir(), "bench-etcd-"));
      const addresses = ["--listen-client-urls", client, "--advertise-client-urls", client];
      const peers = [
        "--listen-peer-urls",
        peer,
        "--initial-advertise-peer-urls",
        peer,
        "--initial-cluster",
        all,
      ];
      return start({
        ...{
          name: "etcd",
          port,
          directory,
          sign: /serving insecure client requests|ready to serve/,
          signOn: "stderr",
        },
        command: ["etcd", "--name", name, "--data-dir", join(directory, "data"), ...addresses, ...peers],
      });
    }),
  );
  return togetherAs("etcd", members);
}
