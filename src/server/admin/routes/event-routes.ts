/** What happens to the cluster, as it happens: server-sent events, as the HTML standard has them. */
import { utf8 } from "../../../base/bytes.ts";
import type { ClusterEvent } from "../../events/event-log.ts";
import { type AdminParts, type AdminRoute, countIn, json } from "../admin-route.ts";

/** So often something is sent where nothing happens, so that who has gone is noticed. */
const HEARTBEAT_MS = 15_000;
const RECENT_DEFAULT = 100;
const RECENT_MAX = 1_000;

const stream: AdminRoute = {
  method: "get",
  path: "/api/events",
  summary: "Events as they happen. With the header Last-Event-ID, those after that one come first.",
  type: "text/event-stream",
  answer: (parts, request) => {
    const lastId = Number(request.headers.get("last-event-id") ?? Number.NaN);
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    return new Response(eventStream(parts, Number.isSafeInteger(lastId) ? lastId : undefined), { headers });
  },
};

const recent: AdminRoute = {
  method: "get",
  path: "/api/events/recent",
  summary: "The latest events, oldest first.",
  query: { count: `how many; ${RECENT_DEFAULT} if not given` },
  answer: ({ events }, request) =>
    json(events.recent(countIn(request, "count", { fallback: RECENT_DEFAULT, max: RECENT_MAX }))),
};

export const EVENT_ROUTES: readonly AdminRoute[] = [stream, recent];

/** Begins with what came after event `lastId`. Who does not read for long is cut off. */
function eventStream({ events, clock }: AdminParts, lastId: number | undefined): ReadableStream<Uint8Array> {
  let stop: () => void = () => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (text: string): void => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(utf8(text));
          else {
            stop();
            controller.error(new Error("the reader is too slow"));
          }
        };
        const unsubscribe = events.subscribe((event) => send(eventText(event)));
        const cancel = clock.every(HEARTBEAT_MS, () => send(": still here\n\n"));
        stop = () => {
          unsubscribe();
          cancel();
        };
        send(`retry: 1000\n\n${lastId === undefined ? "" : events.since(lastId).map(eventText).join("")}`);
      },
      cancel: () => stop(),
    },
    { highWaterMark: QUEUE_MAX },
  );
}

/** Pieces that wait for one reader. */
const QUEUE_MAX = 1_000;

function eventText(event: ClusterEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
