/** Where a key lives, what each replica holds, and how a conflict is settled. */
import { useEffect } from "preact/hooks";
import type { KeyAnswer } from "../api/answers.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { keyVerdict } from "../view/key-verdict.ts";
import { countText } from "../view/number-text.ts";
import { LevelMark } from "./level-mark.tsx";
import { NodeLabel } from "./node-label.tsx";
import { ReplicaTable } from "./replica-table.tsx";
import { Blank, Section } from "./section.tsx";
import { Siblings } from "./siblings.tsx";

export function KeyExplorerPanel({ state }: { readonly state: DashboardState }) {
  const { explorer } = state;
  const lastAnswer = state.status.value;
  // Whenever the node has told its status, what is shown of the key may be old as well.
  useEffect(() => {
    void explorer.refresh();
  }, [explorer, lastAnswer]);
  const submit = (event: Event): void => {
    event.preventDefault();
    void explorer.explore(explorer.typedKey.value);
  };
  return (
    <Section
      id="explorer"
      title="Key explorer"
      caption="Type a key to see where it lives. The ring shows it as a point, and the walk from there to those that keep it."
    >
      <search>
        <form class="key-form" onSubmit={submit}>
          <label for="key">Key</label>
          <div class="form-row">
            <input
              id="key"
              type="search"
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              placeholder="cart:42"
              value={explorer.typedKey.value}
              onInput={(event) => {
                explorer.typedKey.value = event.currentTarget.value;
              }}
            />
            <button type="submit">Look up</button>
          </div>
        </form>
      </search>
      <div aria-live="polite" class="lookup">
        <Outcome state={state} />
      </div>
    </Section>
  );
}

function Outcome({ state }: { readonly state: DashboardState }) {
  const lookup = state.explorer.lookup.value;
  switch (lookup.kind) {
    case "none":
      return <Hint port={state.members.value?.find(({ self }) => self)?.port ?? 6379} />;
    case "asking":
      return <Blank>Asking every replica of {lookup.key} …</Blank>;
    case "failed":
      return (
        <p class="form-error">
          Could not look up {lookup.key}: {lookup.reason}
        </p>
      );
    case "found":
      return <Found state={state} answer={lookup.answer} />;
  }
}

function Hint({ port }: { readonly port: number }) {
  const command = `redis-cli -p ${port} KV.PUT demo`;
  return (
    <div class="hint">
      <p>See a conflict with your own eyes. These two writes know nothing of each other, so both are kept:</p>
      <pre>
        <code>{`${command} "from the phone"\n${command} "from the laptop"`}</code>
      </pre>
      <p>
        Then look up <code>demo</code> here.
      </p>
    </div>
  );
}

interface FoundProps {
  readonly state: DashboardState;
  readonly answer: KeyAnswer;
}

function Found({ state, answer }: FoundProps) {
  const { slot, keyspace, preferenceList, fallbacks } = answer;
  const names = state.names.value;
  const { level, text } = keyVerdict(answer, (id) => names.of(id).text);
  return (
    <>
      <p class="verdict" data-level={level}>
        <LevelMark level={level} />
        <span>{text}</span>
      </p>
      <dl class="whereabouts-of-key">
        <div>
          <dt>Slot</dt>
          <dd>{countText(slot)}</dd>
        </div>
        <div>
          <dt>Keyspace</dt>
          <dd>{keyspace}</dd>
        </div>
        <div>
          <dt>Preference list</dt>
          <dd>
            <ol class="preference-list">
              {preferenceList.map((id) => (
                <li key={id}>
                  <NodeLabel name={names.of(id)} />
                </li>
              ))}
            </ol>
          </dd>
        </div>
        {fallbacks.length > 0 && (
          <div>
            <dt>If one is down</dt>
            <dd>
              <ul class="preference-list">
                {fallbacks.slice(0, 3).map((id) => (
                  <li key={id}>
                    <NodeLabel name={names.of(id)} />
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        )}
      </dl>
      <Siblings state={state} answer={answer} />
      <ReplicaTable names={names} answer={answer} />
    </>
  );
}
