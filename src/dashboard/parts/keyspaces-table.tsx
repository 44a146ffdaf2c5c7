/** The keyspaces and their settings. */
import type { Keyspace } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { storageText } from "../view/keyspace-text.ts";
import { durationText } from "../view/number-text.ts";
import { Cell } from "./nodes-table.tsx";
import { Blank, Section } from "./section.tsx";

const COLUMNS = [
  "Keyspace",
  "Copies",
  "Read",
  "Write",
  "Reads see writes",
  "Storage",
  "Expiry",
  "Conflicts",
  "Mode",
] as const;

export function KeyspacesTable({ state }: { readonly state: DashboardState }) {
  const keyspaces = state.status.value?.keyspaces;
  return (
    <Section
      id="keyspaces"
      title="Keyspaces"
      caption={
        <>
          The part of a key before its first <code>:</code> names its keyspace, if there is one of that name;
          else it is in <code>default</code>. <b>Read</b> and <b>write</b> say how many copies a request waits
          for.
        </>
      }
    >
      {keyspaces === undefined ? (
        <Blank>Waiting for the first answer …</Blank>
      ) : (
        <table class="table">
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
            {keyspaces.map((keyspace) => (
              <Row key={keyspace.name} keyspace={keyspace} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Row({ keyspace }: { readonly keyspace: Keyspace }) {
  const { name, copies, read, write, readsSeeWrites, ttlMs, conflictRule, mode } = keyspace;
  const expiry = ttlMs === 0 ? "none" : durationText(ttlMs / 1000);
  return (
    <tr>
      <th scope="row">{name}</th>
      <Cell label="Copies" isText>
        {copies}
      </Cell>
      <Cell label="Read" isText>
        {read}
      </Cell>
      <Cell label="Write" isText>
        {write}
      </Cell>
      <Cell label="Reads see writes" isText>
        {readsSeeWrites}
      </Cell>
      <Cell label="Storage" isText>
        {storageText(keyspace)}
        {keyspace.evict !== undefined && <span class="under">{keyspace.evict}</span>}
      </Cell>
      <Cell label="Expiry" isText>
        {expiry}
      </Cell>
      <Cell label="Conflicts" isText>
        {conflictRule}
      </Cell>
      <Cell label="Mode" isText>
        {mode}
      </Cell>
    </tr>
  );
}
