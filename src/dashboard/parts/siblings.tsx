/** The values of a key, side by side; where there are several, the way to one. */
import type { KeyAnswer } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import type { NodeNames } from "../view/node-names.ts";
import { bytesText, timeText } from "../view/number-text.ts";
import {
  type ClockRow,
  type ComparedSibling,
  comparedSiblings,
  isConflict,
} from "../view/sibling-comparison.ts";
import { NodeLabel } from "./node-label.tsx";
import { ResolveForm } from "./resolve-form.tsx";

export interface SiblingsProps {
  readonly state: DashboardState;
  readonly answer: KeyAnswer;
}

export function Siblings({ state, answer }: SiblingsProps) {
  const compared = comparedSiblings(answer);
  const conflict = isConflict(answer);
  return (
    <>
      {compared.length > 0 && (
        <>
          <h3>{conflict ? "Siblings" : compared.length > 1 ? "Parts" : "Value"}</h3>
          {conflict && (
            <p class="caption">
              Values that were written without knowledge of each other. The small tables are their clocks: for
              each actor, how many of its writes the sibling had <b>seen</b>, and the one that it <b>is</b>.
              Neither had seen the other's: so neither may win.
            </p>
          )}
          <ul class={`siblings${compared.length > 1 ? " is-conflict" : ""}`}>
            {compared.map((each) => (
              <li key={`${each.sibling.dot.actor}:${each.sibling.dot.counter}`} class="sibling">
                <SiblingCard state={state} compared={each} isConflict={conflict} />
              </li>
            ))}
          </ul>
        </>
      )}
      <ResolveForm explorer={state.explorer} compared={conflict ? compared : []} />
    </>
  );
}

interface CardProps {
  readonly state: DashboardState;
  readonly compared: ComparedSibling;
  readonly isConflict: boolean;
}

function SiblingCard({ state, compared, isConflict }: CardProps) {
  const { sibling, letter, text, holders, isEditable } = compared;
  const [before, different, after] = text;
  const { explorer } = state;
  return (
    <article aria-label={isConflict ? `Sibling ${letter}` : "Value"}>
      <p class="sibling-head">
        {isConflict && <b class="sibling-letter">{letter}</b>}
        <span>
          {sibling.kind === "increment" ? "increment" : bytesText(sibling.bytes)}, written{" "}
          {timeText(sibling.hlcMs)}
          {sibling.expiresAtMs !== null && `, expires ${timeText(sibling.expiresAtMs)}`}
        </span>
      </p>
      <pre class="sibling-value">
        {before}
        {different !== "" && <mark>{different}</mark>}
        {after}
        {sibling.value === "" && <i>empty</i>}
      </pre>
      {sibling.valueEncoding === "base64" && <p class="caption">Not text: shown as base64.</p>}
      {isConflict && <Clock names={state.names.value} rows={compared.clock} />}
      <p class="holders">
        on{" "}
        {holders.map((id) => (
          <NodeLabel key={id} name={state.names.value.of(id)} />
        ))}
      </p>
      {isConflict && (
        <button
          type="button"
          class="quiet"
          disabled={!isEditable}
          aria-pressed={explorer.draft.value === sibling.value}
          onClick={() => {
            explorer.draft.value = sibling.value;
          }}
        >
          Use {letter}
        </button>
      )}
    </article>
  );
}

function Clock({ names, rows }: { readonly names: NodeNames; readonly rows: readonly ClockRow[] }) {
  return (
    <table class="clock">
      <thead>
        <tr>
          <th scope="col">actor</th>
          <th scope="col">seen</th>
          <th scope="col">is</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ actor, seen, wrote, missesOthers }) => (
          <tr key={actor} class={wrote === undefined ? undefined : "is-own"}>
            <th scope="row" title={actor}>
              {names.ofActor(actor)}
            </th>
            <td class={missesOthers ? "is-behind" : undefined}>{seen}</td>
            <td>{wrote ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
