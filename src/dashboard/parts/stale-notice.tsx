/** Says that the node does not answer, and where else one may look. */
import type { Member } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { timeText } from "../view/number-text.ts";

export function StaleNotice({ state }: { readonly state: DashboardState }) {
  const link = state.link.value;
  if (link.kind !== "stale") return null;
  const others = otherPages(state.members.value ?? []);
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
          {others.map(({ id, address }) => (
            <a key={id} class="notice-link" href={address}>
              {state.names.value.of(id).text}
            </a>
          ))}
        </p>
      )}
    </div>
  );
}

/** Where others' pages are is not told around; it is likely that they are as far from their clients' ports as this node's is. */
function otherPages(
  members: readonly Member[],
): readonly { readonly id: string; readonly address: string }[] {
  const self = members.find((member) => member.self);
  const step = (self?.adminPort ?? Number.NaN) - (self?.port ?? Number.NaN);
  return members.flatMap((member) => {
    const { id, host, port, up } = member;
    const adminPort = member.adminPort ?? (port ?? Number.NaN) + step;
    if (member.self || !up || host === null || !Number.isSafeInteger(adminPort)) return [];
    return [{ id, address: `http://${host.includes(":") ? `[${host}]` : host}:${adminPort}/` }];
  });
}
