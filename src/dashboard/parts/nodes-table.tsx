/** Every node: whether it is up, what it bears, how late it is. */
import type { ComponentChildren } from "preact";
import type { DashboardState } from "../state/dashboard-state.ts";
import { type NodeRow, nodeRows } from "../view/node-rows.ts";
import { LevelMark } from "./level-mark.tsx";
import { NodeLabel } from "./node-label.tsx";
import { Blank, Section } from "./section.tsx";

const COLUMNS = ["Node", "State", "Phi", "Lag", "Hints", "Requests/s", "Memory", "Disk", "Share"] as const;

export function NodesTable({ state }: { readonly state: DashboardState }) {
  const members = state.members.value;
  return (
    <Section
      id="nodes"
      title="Nodes"
      caption={
        <>
          Up and down are this node's own verdict; nobody is removed for being down. <b>Phi</b> is how
          surprising a node's silence is, as a power of ten: from 8 on it counts as down. <b>Hints</b> are
          writes that are kept here for it until it is back.
        </>
      }
    >
      {members === undefined ? (
        <Blank>Waiting for the first answer …</Blank>
      ) : (
        <table class="table nodes-table">
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {nodeRows(members, state.names.value, state.summary.value).map((row) => (
              <Row key={row.name.id} row={row} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Row({ row }: { readonly row: NodeRow }) {
  const { name, isSelf, address, place, state, phi, lag, hints, operations, memory, disk, share } = row;
  return (
    <tr class={state.level === "bad" ? "is-down" : undefined} data-node={name.text}>
      <th scope="row">
        <NodeLabel name={name} />
        {isSelf && <span class="tag">this node</span>}
        <span class="under">{[address, place].filter((part) => part !== "").join(" · ")}</span>
      </th>
      <Cell label="State" isText>
        <span class="state">
          <LevelMark level={state.level} />
          {state.text}
        </span>
      </Cell>
      <Cell label="Phi">{phi === undefined ? "–" : <Phi {...phi} />}</Cell>
      <Cell label="Lag">{lag}</Cell>
      <Cell label="Hints">{hints}</Cell>
      <Cell label="Requests/s">{operations}</Cell>
      <Cell label="Memory">{memory}</Cell>
      <Cell label="Disk">{disk}</Cell>
      <Cell label="Share">{share}</Cell>
    </tr>
  );
}

interface CellProps {
  readonly label: string;
  readonly isText?: boolean;
  readonly children: ComponentChildren;
}

/** On narrow screens rows are stacked, and each cell says what it is. */
export function Cell({ label, isText = false, children }: CellProps) {
  return (
    <td data-label={label} class={isText ? undefined : "is-number"}>
      {children}
    </td>
  );
}

function Phi({ text, part, level }: NonNullable<NodeRow["phi"]>) {
  return (
    <span class={`phi is-${level}`}>
      {text}
      <svg class="phi-bar" viewBox="0 0 24 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="phi-ground" width="24" height="4" rx="2" />
        <rect class="phi-level" width={Math.max(2, 24 * part)} height="4" rx="2" />
      </svg>
    </span>
  );
}
