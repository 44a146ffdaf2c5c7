/** What each replica of a key holds. */
import type { KeyAnswer, KeyReplica } from "../api/answers.ts";
import type { NodeNames } from "../view/node-names.ts";
import { countOf } from "../view/number-text.ts";
import { joinedContext } from "../view/sibling-comparison.ts";
import { LevelMark } from "./level-mark.tsx";
import { NodeLabel } from "./node-label.tsx";

export interface ReplicaTableProps {
  readonly names: NodeNames;
  readonly answer: KeyAnswer;
}

const STATES = {
  present: { text: "1 value", level: "ok" },
  missing: { text: "has nothing", level: "warn" },
  tombstone: { text: "deleted", level: "ok" },
  unreachable: { text: "does not answer", level: "bad" },
} as const;

export function ReplicaTable({ names, answer }: ReplicaTableProps) {
  const { replicas, merged } = answer;
  const newest = joinedContext(replicas.map(({ version }) => version?.context ?? []));
  const isAbsent = merged.siblings.length === 0;
  return (
    <>
      <h3>Each replica's version</h3>
      <p class="caption">
        A version counts, for each actor (one life of a node's disk), how many of its writes went into it.
        Where a number is lower than another replica's, that replica lacks a write.
      </p>
      <table class="table small-table replica-table">
        <thead>
          <tr>
            <th scope="col">Replica</th>
            <th scope="col">State</th>
            <th scope="col">Version</th>
          </tr>
        </thead>
        <tbody>
          {replicas.map((replica) => (
            <tr key={replica.id}>
              <th scope="row">
                <NodeLabel name={names.of(replica.id)} />
              </th>
              <td>
                <span class="state">
                  <LevelMark
                    level={isAbsent && replica.state === "missing" ? "ok" : STATES[replica.state].level}
                  />
                  {stateText(replica)}
                </span>
              </td>
              <td>
                <Version names={names} replica={replica} newest={newest} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

interface VersionProps {
  readonly names: NodeNames;
  readonly replica: KeyReplica;
  readonly newest: ReturnType<typeof joinedContext>;
}

function Version({ names, replica, newest }: VersionProps) {
  if (newest.length === 0 || replica.state === "unreachable") return <>–</>;
  const known = new Map(replica.version?.context.map(({ actor, counter }) => [actor, counter]));
  return (
    <ul class="version">
      {newest.map(({ actor, counter }) => {
        const own = known.get(actor) ?? 0;
        return (
          <li key={actor} class={own < counter ? "is-behind" : undefined} title={actor}>
            {names.ofActor(actor)}:<b>{own}</b>
            {own < counter && <span class="for-readers"> behind {counter}</span>}
          </li>
        );
      })}
    </ul>
  );
}

function stateText({ state, version }: KeyReplica): string {
  const count = version?.siblings.length ?? 0;
  return count > 1 ? countOf(count, "value", "values") : STATES[state].text;
}
