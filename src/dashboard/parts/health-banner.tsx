/** The cluster's health in one sentence, and the few figures that one looks for first. */
import type { DashboardState } from "../state/dashboard-state.ts";
import { presentValue } from "../view/chart-plans.ts";
import { countText, millisecondsText, percentText, rateText } from "../view/number-text.ts";
import { LevelMark } from "./level-mark.tsx";

export function HealthBanner({ state }: { readonly state: DashboardState }) {
  const status = state.status.value;
  return (
    <section class="health" aria-label="Health">
      <div class="health-sentence" role="status" aria-live="polite">
        {status === undefined ? (
          <p class="is-waiting">Asking the node how the cluster is …</p>
        ) : (
          <p>
            <LevelMark level={status.level} />
            <span>{status.sentence}</span>
          </p>
        )}
      </div>
      <Figures state={state} />
    </section>
  );
}

function Figures({ state }: { readonly state: DashboardState }) {
  const [summary, series, members] = [state.summary.value, state.series.value, state.members.value ?? []];
  const hints = members.reduce((sum, { hintsPending }) => sum + hintsPending, 0);
  const figures = [
    ["Requests/s", rateText(summary?.opsPerSecond)],
    ["p99", millisecondsText(presentValue(series, "p99"))],
    ["Errors/s", rateText(summary?.errorsPerSecond)],
    ["Hit rate", percentText(summary?.hitRate)],
    ["Connections", summary === undefined ? "–" : countText(summary.connections)],
    ["Hints waiting", members.length === 0 ? "–" : countText(hints)],
  ] as const;
  return (
    <dl class="figures" aria-label="Figures of this node">
      {figures.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
