/** Which cluster this is, by whose eyes, and whether the page is up to date. */
import type { DashboardState, Link } from "../state/dashboard-state.ts";
import { shortId } from "../view/node-names.ts";

const SECTIONS = [
  ["ring", "Ring"],
  ["explorer", "Keys"],
  ["nodes", "Nodes"],
  ["charts", "Charts"],
  ["events", "Events"],
] as const;

const LINK_WORDS: Readonly<Record<Link["kind"], string>> = {
  connecting: "connecting",
  live: "live",
  stale: "stale",
  locked: "locked",
};

export function PageHeader({ state }: { readonly state: DashboardState }) {
  const status = state.status.value;
  const { kind } = state.link.value;
  return (
    <header class="page-header">
      <div class="brand">
        <h1>
          <RingMark />
          Kvorum
        </h1>
        {status !== undefined && (
          <p class="whereabouts">
            {status.clusterId === null
              ? "a node alone"
              : `cluster ${shortId(status.clusterId)}, epoch ${status.epoch}`}
            {", seen by "}
            <strong>{state.names.value.of(status.self).text}</strong>
          </p>
        )}
      </div>
      <nav aria-label="Sections">
        {SECTIONS.map(([id, title]) => (
          <a key={id} href={`#${id}`}>
            {title}
          </a>
        ))}
      </nav>
      <p class={`link-state is-${kind}`}>
        <span class="link-dot" aria-hidden="true" />
        {LINK_WORDS[kind]}
      </p>
    </header>
  );
}

function RingMark() {
  return (
    <svg class="ring-mark" viewBox="0 0 32 32" aria-hidden="true">
      <path class="line-0" d="M16 5a11 11 0 0 1 9.53 16.5" />
      <path class="line-1" d="M25.53 21.5a11 11 0 0 1-19.06 0" />
      <path class="line-2" d="M6.47 21.5A11 11 0 0 1 16 5" />
    </svg>
  );
}
