/** The last ten minutes, live. */
import type { DashboardState } from "../state/dashboard-state.ts";
import { CHARTS, type ChartPlan, chartSummary, presentValue } from "../view/chart-plans.ts";
import { millisecondsText } from "../view/number-text.ts";
import { Blank, Section } from "./section.tsx";
import { TimeChart } from "./time-chart.tsx";

export function ChartsSection({ state }: { readonly state: DashboardState }) {
  return (
    <Section id="charts" title="The last ten minutes" caption="Of this node, one sample a second.">
      <div class="charts">
        {CHARTS.map((plan) => (
          <Chart key={plan.name} plan={plan} state={state} />
        ))}
        <Phases state={state} />
      </div>
    </Section>
  );
}

interface ChartProps {
  readonly plan: ChartPlan;
  readonly state: DashboardState;
}

function Chart({ plan, state }: ChartProps) {
  const series = state.series.value;
  return (
    <figure class="chart" data-chart={plan.name}>
      <figcaption>
        <h3>{plan.title}</h3>
        <p class="legend">
          {plan.lines.map(({ series: name, label, colour }) => (
            <span key={name}>
              <span class={`line-sample is-${colour.slice(2)}`} aria-hidden="true" />
              {plan.lines.length > 1 && `${label} `}
              <b>{plan.text(presentValue(series, name))}</b>
            </span>
          ))}
        </p>
      </figcaption>
      <div class="plot" role="img" aria-label={chartSummary(plan, series)}>
        {series === undefined ? (
          <Blank>Waiting for samples …</Blank>
        ) : (
          <TimeChart plan={plan} series={state.series} />
        )}
      </div>
      <p class="caption">{plan.caption}</p>
    </figure>
  );
}

const PHASES = [
  ["local", "Here", "reading and writing on this node"],
  ["quorum", "Others", "waiting for enough replicas"],
  ["disk", "Disk", "waiting for the disk"],
] as const;

function Phases({ state }: { readonly state: DashboardState }) {
  const phases = state.summary.value?.phases;
  return (
    <figure class="chart phases">
      <figcaption>
        <h3>Where time goes</h3>
      </figcaption>
      <table class="table small-table">
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col">p50</th>
            <th scope="col">p99</th>
            <th scope="col">p99.9</th>
          </tr>
        </thead>
        <tbody>
          {PHASES.map(([name, title, meaning]) => (
            <tr key={name}>
              <th scope="row" title={meaning}>
                {title}
              </th>
              <td class="is-number">{millisecondsText(phases?.[name]?.p50)}</td>
              <td class="is-number">{millisecondsText(phases?.[name]?.p99)}</td>
              <td class="is-number">{millisecondsText(phases?.[name]?.p999)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="caption">
        Of a request: its work on this node, its wait for enough replicas, its wait for the disk.
      </p>
    </figure>
  );
}
