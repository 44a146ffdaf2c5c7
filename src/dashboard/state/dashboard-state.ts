/** All that the page shows, as signals: the live feed and the explorer write them, components read them. */
import { computed, signal } from "@preact/signals";
import type {
  ClusterEvent,
  HistorySeries,
  HotKeyOrder,
  HotKeysAnswer,
  RingAnswer,
  StatusAnswer,
  SummaryAnswer,
} from "../api/answers.ts";
import { NodeNames } from "../view/node-names.ts";
import { type RingPlan, ringPlan } from "../view/ring-plan.ts";
import type { KeyExplorer } from "./key-explorer.ts";

/** How this page and its node stand. */
export type Link =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `sinceMs`: when the node last answered; undefined if it never did. */
  | { readonly kind: "stale"; readonly sinceMs: number | undefined }
  /** The node wants a token. */
  | { readonly kind: "locked"; readonly wasWrong: boolean };

export function createState(explorer: KeyExplorer) {
  const link = signal<Link>({ kind: "connecting" });
  const status = signal<StatusAnswer | undefined>(undefined);
  const ring = signal<RingAnswer | undefined>(undefined);
  const summary = signal<SummaryAnswer | undefined>(undefined);
  const series = signal<HistorySeries | undefined>(undefined);
  const hotKeys = signal<HotKeysAnswer | undefined>(undefined);
  const hotKeyOrder = signal<HotKeyOrder>("reads");
  /** Newest first. */
  const events = signal<readonly ClusterEvent[]>([]);
  /** A node of which only its own copies are shown. */
  const chosenNode = signal<string | undefined>(undefined);

  const members = computed(() => status.value?.members);
  const names = computed(() => new NodeNames(members.value ?? [], ring.value));
  const plan = computed<RingPlan | undefined>(() => {
    const [knownStatus, knownRing] = [ringStatus.value, ring.value];
    return knownStatus === undefined || knownRing === undefined
      ? undefined
      : ringPlan(knownStatus, knownRing);
  });
  /** The status that came with the present ring. */
  const ringStatus = signal<StatusAnswer | undefined>(undefined);

  return {
    ...{ link, status, ring, ringStatus, summary, series, hotKeys, hotKeyOrder, events, chosenNode },
    ...{ members, names, plan, explorer },
  };
}

export type DashboardState = ReturnType<typeof createState>;
