/** Turns recording on or off in a running server: times of requests, hot keys and slow ones. */
import type { ClusterNode } from "../node/cluster-node.ts";
import type { HotKeys } from "./hot-keys.ts";
import type { TurnTimes } from "./turn-times.ts";

export interface Recorder {
  records: boolean;
  readonly settings: { readonly metrics: "on" | "off" };
  readonly turn: Pick<TurnTimes<never>, "records">;
  readonly hotKeys: Pick<HotKeys, "looks">;
  readonly node: { readonly cluster: Pick<ClusterNode, "recordTimes"> | undefined };
}

/** Does nothing where it is as the settings say. */
export function applyRecording(server: Recorder): void {
  const records = server.settings.metrics === "on";
  if (records === server.records) return;
  server.records = records;
  server.turn.records = records;
  server.hotKeys.looks = records;
  server.node.cluster?.recordTimes(records);
}
