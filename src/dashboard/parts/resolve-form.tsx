/** Writes one value in the place of all siblings: one of them, or what the user makes of them. */
import { useEffect, useRef } from "preact/hooks";
import type { KeyExplorer } from "../state/key-explorer.ts";
import type { ComparedSibling } from "../view/sibling-comparison.ts";

export interface ResolveFormProps {
  readonly explorer: KeyExplorer;
  /** None if there is nothing to settle. */
  readonly compared: readonly ComparedSibling[];
}

export function ResolveForm({ explorer, compared }: ResolveFormProps) {
  const resolution = explorer.resolution.value;
  if (compared.length === 0) {
    return resolution.kind === "done" ? <Settled /> : null;
  }
  const draft = explorer.draft.value;
  const submit = (event: Event): void => {
    event.preventDefault();
    void explorer.resolve();
  };
  const chosen = compared.find(({ sibling }) => sibling.value === draft);
  const what = chosen === undefined ? "this value" : `${chosen.letter}'s value`;
  return (
    <form class="resolve-form" onSubmit={submit}>
      <label for="draft">What the key shall be</label>
      <textarea
        id="draft"
        rows={3}
        spellcheck={false}
        placeholder="Choose one above, or write what they should become together"
        value={draft ?? ""}
        onInput={(event) => {
          explorer.draft.value = event.currentTarget.value;
        }}
      />
      <div class="form-row">
        <button type="submit" disabled={draft === undefined || resolution.kind === "writing"}>
          {resolution.kind === "writing"
            ? "Writing …"
            : `Replace ${compared.length === 2 ? "both" : `all ${compared.length}`} by ${what}`}
        </button>
      </div>
      {resolution.kind === "failed" && (
        <p class="form-error" role="alert">
          Not written: {resolution.reason}
        </p>
      )}
    </form>
  );
}

/** Takes the focus, which was in the form that is no more: else a keyboard would begin at the top of the page again. */
function Settled() {
  const place = useRef<HTMLParagraphElement>(null);
  useEffect(() => place.current?.focus(), []);
  return (
    <p class="resolved" role="status" tabIndex={-1} ref={place}>
      Settled: what you wrote has taken the place of the values that you saw.
    </p>
  );
}
