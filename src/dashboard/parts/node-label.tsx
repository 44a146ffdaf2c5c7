/** A node's name beside its colour. */
import type { NodeName } from "../view/node-names.ts";

export function NodeLabel({ name }: { readonly name: NodeName }) {
  return (
    <span class="node-label">
      <span class={`swatch node-${name.colour}`} aria-hidden="true" />
      {name.text}
    </span>
  );
}
