/** What has happened, newest first. */
import type { ClusterEvent } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { timeText } from "../view/number-text.ts";
import { LevelMark } from "./level-mark.tsx";
import { Blank, Section } from "./section.tsx";

export function EventList({ state }: { readonly state: DashboardState }) {
  const events = state.events.value;
  return (
    <Section id="events" title="Events" caption="What this node has noticed since it began, newest first.">
      {events.length === 0 ? (
        <Blank>Nothing has happened yet.</Blank>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too
        <div class="events" role="log" aria-label="Events, newest first" aria-live="off" tabIndex={0}>
          <ol>
            {events.map((event) => (
              <Line key={`${event.atMs} ${event.id}`} event={event} />
            ))}
          </ol>
        </div>
      )}
    </Section>
  );
}

function Line({ event }: { readonly event: ClusterEvent }) {
  const { atMs, level, text, kind } = event;
  return (
    <li data-kind={kind}>
      <time dateTime={new Date(atMs).toISOString()}>{timeText(atMs)}</time>
      <LevelMark level={level} />
      <span>{text}</span>
    </li>
  );
}
