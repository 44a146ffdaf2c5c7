/** The ring: its picture, what is under the pointer, who is who, and slots on their way. */
import { useSignal } from "@preact/signals";
import type { DashboardState } from "../state/dashboard-state.ts";
import { keyWalk } from "../view/key-walk.ts";
import { moveText } from "../view/move-text.ts";
import { countOf, countText, percentText } from "../view/number-text.ts";
import { type RingPlan, rangeIndexAt, type SlotRange } from "../view/ring-plan.ts";
import { NodeLabel } from "./node-label.tsx";
import { RingPicture } from "./ring-picture.tsx";
import { Blank, Section } from "./section.tsx";

export function RingSection({ state }: { readonly state: DashboardState }) {
  const plan = state.plan.value;
  return (
    <Section
      id="ring"
      title="Ring"
      caption={
        <>
          Every key falls into one of 16,384 slots, which stand on a circle. Each node owns some points on it,
          its <b>tokens</b>: the ticks. A slot is kept by the first nodes that one meets clockwise: the outer
          band shows the first of them, the inner ones the further copies.
        </>
      }
    >
      {plan === undefined ? <Blank>Waiting for the ring …</Blank> : <Ring state={state} plan={plan} />}
    </Section>
  );
}

function Ring({ state, plan }: { readonly state: DashboardState; readonly plan: RingPlan }) {
  const pointed = useSignal<number | undefined>(undefined);
  const lookup = state.explorer.lookup.value;
  const found = lookup.kind === "found" ? lookup.answer : undefined;
  const walk = found && keyWalk(found.slot, found.preferenceList, plan.owners);
  const range = pointed.value ?? (found && rangeIndexAt(plan.ranges, found.slot));
  const down = new Set((state.members.value ?? []).filter(({ up }) => !up).map(({ id }) => id));
  return (
    <>
      <div class="ring">
        <RingPicture
          plan={plan}
          names={state.names.value}
          down={down}
          chosen={state.chosenNode.value}
          pointed={pointed}
          walk={walk}
        />
        <div class="ring-centre" aria-hidden="true">
          {range === undefined ? (
            <Totals plan={plan} />
          ) : (
            <Pointed
              state={state}
              range={plan.ranges[range] ?? plan.ranges[0]!}
              slot={pointed.value === undefined ? found?.slot : undefined}
            />
          )}
        </div>
      </div>
      <Move state={state} />
      <Owners state={state} />
    </>
  );
}

function Totals({ plan }: { readonly plan: RingPlan }) {
  const present = plan.tokens.filter(({ isComing }) => !isComing);
  return (
    <p>
      <strong>{countText(16_384)}</strong> slots
      <br />
      {countOf(present.length, "token", "tokens")}
      <br />
      {countOf(plan.copies, "copy", "copies")} of each
    </p>
  );
}

interface PointedProps {
  readonly state: DashboardState;
  readonly range: SlotRange;
  /** Of the key that is shown. */
  readonly slot: number | undefined;
}

function Pointed({ state, range, slot }: PointedProps) {
  const { start, end, replicas } = range;
  return (
    <>
      <p>
        {slot === undefined ? (
          <>
            slots{" "}
            <strong>
              {countText(start)}–{countText(end)}
            </strong>
          </>
        ) : (
          <>
            slot <strong>{countText(slot)}</strong>
          </>
        )}
      </p>
      <ol>
        {replicas.slice(0, 5).map((id) => (
          <li key={id}>
            <NodeLabel name={state.names.value.of(id)} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Move({ state }: { readonly state: DashboardState }) {
  const move = state.status.value?.move ?? null;
  if (move === null) return null;
  const text = moveText(move, state.names.value.of(move.member).text);
  return (
    <div class="move">
      <p id="move-text">{text}</p>
      <progress value={move.progress} max={1} aria-labelledby="move-text">
        {percentText(move.progress)}
      </progress>
    </div>
  );
}

/** The legend; a click leaves only one node's copies in colour. */
function Owners({ state }: { readonly state: DashboardState }) {
  const chosen = state.chosenNode.value;
  const members = new Map((state.members.value ?? []).map((member) => [member.id, member]));
  return (
    <ul class="owners" aria-label="Nodes; press one to see only its copies">
      {state.names.value.all.map((name) => {
        const member = members.get(name.id);
        return (
          <li key={name.id}>
            <button
              type="button"
              aria-pressed={chosen === name.id}
              class={member?.up === false ? "is-down" : undefined}
              onClick={() => {
                state.chosenNode.value = chosen === name.id ? undefined : name.id;
              }}
            >
              <NodeLabel name={name} />
              {member?.up === false && <span class="tag is-bad">down</span>}
              <span class="owner-share">{percentText(member?.share)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
