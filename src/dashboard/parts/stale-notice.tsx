/** Says that the node does not answer, and where else one may look. */
import type { Member } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { timeText } from "../view/number-text.ts";

export function StaleNotice({ state }: { readonly state: DashboardState }) {
  const link = state.link.value;
  if (link.kind !== "stale") return null;
  const others = (state.members.value ?? []).flatMap((member) => {
    const address = member.self ? undefined : addressOf(member);
    return address === undefined ? [] : [{ address, name: state.names.value.of(member.id).text }];
  });
  return (
    <div class="notice" role="alert">
      <p>
        {link.sinceMs === undefined
          ? "This node does not answer."
          : `This node has not answered since ${timeText(link.sinceMs)}. What you see is how it was then.`}{" "}
        Trying again every second.
      </p>
      {others.length > 0 && (
        <p>
          Ask another node:{" "}
          {others.map(({ address, name }) => (
            <a key={address} class="notice-link" href={address}>
              {name}
            </a>
          ))}
        </p>
      )}
    </div>
  );
}

function addressOf({ host, adminPort }: Member): string | undefined {
  if (host === null || adminPort === null || adminPort === undefined) return undefined;
  return `http://${host.includes(":") ? `[${host}]` : host}:${adminPort}/`;
}
