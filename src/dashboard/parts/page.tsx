/** The whole page, in reading order: is it well, where is what, what does it do, what has happened. */
import { isNarrow } from "../browser/viewport.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { ChartsSection } from "./charts-section.tsx";
import { EventList } from "./event-list.tsx";
import { HealthBanner } from "./health-banner.tsx";
import { HotKeys } from "./hot-keys.tsx";
import { KeyExplorerPanel } from "./key-explorer-panel.tsx";
import { KeyspacesTable } from "./keyspaces-table.tsx";
import { NodesTable } from "./nodes-table.tsx";
import { PageHeader } from "./page-header.tsx";
import { RingSection } from "./ring-section.tsx";
import { StaleNotice } from "./stale-notice.tsx";
import { TokenPrompt } from "./token-prompt.tsx";

export interface PageProps {
  readonly state: DashboardState;
  readonly onToken: (token: string) => void;
  /** Something was changed that the node should be asked about again. */
  readonly onChange: () => void;
}

export function Page({ state, onToken, onChange }: PageProps) {
  const link = state.link.value;
  if (link.kind === "locked") return <TokenPrompt wasWrong={link.wasWrong} onToken={onToken} />;
  return (
    <div class={`page is-${link.kind}`}>
      <a class="skip-link" href="#main">
        Skip to the cluster's health
      </a>
      <PageHeader state={state} />
      <StaleNotice state={state} />
      <main id="main" tabIndex={-1}>
        <HealthBanner state={state} />
        <Foremost state={state} onChange={onChange} />
        <NodesTable state={state} />
        <ChartsSection state={state} />
        <KeyspacesTable state={state} />
      </main>
      <footer class="page-footer">
        <p>
          Everything here is what this node sees; another node may see it otherwise for a moment. For
          programs: <a href="/metrics">metrics</a>, <a href="/openapi.json">API</a>.
        </p>
      </footer>
    </div>
  );
}

/** In two columns where there is room; else one after the other, the explorer beside what it is about. */
function Foremost({ state, onChange }: Pick<PageProps, "state" | "onChange">) {
  const [ring, events] = [<RingSection key="ring" state={state} />, <EventList key="events" state={state} />];
  const explorer = <KeyExplorerPanel key="explorer" state={state} />;
  const hotKeys = <HotKeys key="hot-keys" state={state} onChange={onChange} />;
  const columns = isNarrow.value
    ? [[ring, explorer, hotKeys, events]]
    : [
        [ring, events],
        [explorer, hotKeys],
      ];
  return (
    <div class="columns">
      {columns.map((column, i) => (
        <div key={`${i} of ${columns.length}`} class="column">
          {column}
        </div>
      ))}
    </div>
  );
}
