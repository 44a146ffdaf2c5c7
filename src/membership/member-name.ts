/** Which member people mean: its id, or as much of its beginning as no other member's has. */
import type { NodeId } from "../ring/ring-member.ts";

export type MemberNamed =
  | { readonly kind: "found"; readonly id: NodeId }
  | { readonly kind: "none" }
  | { readonly kind: "ambiguous"; readonly ids: readonly NodeId[] };

/** Capital letters or not. The empty text names nobody. */
export function memberNamed(members: readonly { readonly id: NodeId }[], name: string): MemberNamed {
  const prefix = name.toLowerCase();
  const ids = prefix === "" ? [] : members.map(({ id }) => id).filter((id) => id.startsWith(prefix));
  if (ids.length === 1) return { kind: "found", id: ids[0]! };
  return ids.length === 0 ? { kind: "none" } : { kind: "ambiguous", ids };
}

/** Why a name is nobody's, in words. */
export function whyNobody(name: string, named: Exclude<MemberNamed, { readonly kind: "found" }>): string {
  if (named.kind === "none") return `no member has an id that begins with ${name}`;
  return `more than one member has an id that begins with ${name}: ${named.ids.join(", ")}`;
}
