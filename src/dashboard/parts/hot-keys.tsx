/** The keys that are used most. */
import type { HotKeyOrder } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { bytesText, countText, percentText, rateText } from "../view/number-text.ts";
import { Blank, Section } from "./section.tsx";

const ORDERS: readonly (readonly [HotKeyOrder, string])[] = [
  ["reads", "Reads"],
  ["writes", "Writes"],
  ["bytes", "Bytes"],
];

export interface HotKeysProps {
  readonly state: DashboardState;
  readonly onChange: () => void;
}

export function HotKeys({ state, onChange }: HotKeysProps) {
  const answer = state.hotKeys.value;
  const order = state.hotKeyOrder.value;
  const choose = (by: HotKeyOrder): void => {
    state.hotKeyOrder.value = by;
    state.hotKeys.value = undefined;
    onChange();
  };
  return (
    <Section
      id="hot-keys"
      title="Hot keys"
      caption="One key lives on few nodes: if it gets a large share of all requests, those nodes feel it."
      aside={
        <fieldset class="choice">
          <legend class="for-readers">Hot keys by</legend>
          {ORDERS.map(([by, text]) => (
            <button key={by} type="button" aria-pressed={by === order} onClick={() => choose(by)}>
              {text}
            </button>
          ))}
        </fieldset>
      }
    >
      <Keys state={state} keys={answer?.keys} order={order} />
    </Section>
  );
}

interface KeysProps {
  readonly state: DashboardState;
  readonly keys: NonNullable<DashboardState["hotKeys"]["value"]>["keys"] | undefined;
  readonly order: HotKeyOrder;
}

function Keys({ state, keys, order }: KeysProps) {
  if (keys === undefined) return <Blank>Waiting for the node's count …</Blank>;
  if (keys.length === 0) return <Blank>No key stands out: nothing was asked of this node lately.</Blank>;
  const most = Math.max(...keys.map(({ share }) => share));
  return (
    <ol class="hot-keys">
      {keys.map(({ key, slot, perSecond, share }) => (
        <li key={key}>
          <button type="button" class="key-name" onClick={() => showKey(state, key)} title={`Look up ${key}`}>
            {key}
          </button>
          <span class="hot-key-slot">slot {countText(slot)}</span>
          <span class="hot-key-rate">
            {order === "bytes" ? `${bytesText(perSecond)}/s` : `${rateText(perSecond)}/s`}
          </span>
          <span class="hot-key-share">{percentText(share)}</span>
          <svg class="hot-key-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect width={most === 0 ? 0 : (100 * share) / most} height="4" />
          </svg>
        </li>
      ))}
    </ol>
  );
}

function showKey(state: DashboardState, key: string): void {
  document.getElementById("explorer")?.scrollIntoView();
  document.getElementById("key")?.focus({ preventScroll: true });
  void state.explorer.explore(key);
}
