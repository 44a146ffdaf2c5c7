/** What the user asks about one key, what the node answers, and what shall become of its siblings. */
import { signal } from "@preact/signals";
import { type AdminApi, Refused, TokenWanted } from "../api/admin-api.ts";
import type { KeyAnswer } from "../api/answers.ts";

export type Lookup =
  | { readonly kind: "none" }
  | { readonly kind: "asking"; readonly key: string }
  | { readonly kind: "found"; readonly answer: KeyAnswer }
  | { readonly kind: "failed"; readonly key: string; readonly reason: string };

export type Resolution =
  | { readonly kind: "none" }
  | { readonly kind: "writing" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string };

export class KeyExplorer {
  /** As it is being typed. */
  readonly typedKey = signal("");
  readonly lookup = signal<Lookup>({ kind: "none" });
  /** The value that shall take the siblings' place; undefined until one was chosen. */
  readonly draft = signal<string | undefined>(undefined);
  readonly resolution = signal<Resolution>({ kind: "none" });
  readonly #api: AdminApi;

  constructor(api: AdminApi) {
    this.#api = api;
  }

  /** The key that is shown, if any. */
  get key(): string | undefined {
    const lookup = this.lookup.value;
    if (lookup.kind === "none") return undefined;
    return lookup.kind === "found" ? lookup.answer.key : lookup.key;
  }

  /** Resolves when there is an answer, or a reason why not. */
  async explore(key: string): Promise<void> {
    this.typedKey.value = key;
    this.draft.value = undefined;
    this.resolution.value = { kind: "none" };
    if (key === "") {
      this.lookup.value = { kind: "none" };
      return;
    }
    if (this.key !== key) this.lookup.value = { kind: "asking", key };
    await this.#ask(key);
  }

  /** Looks again at the key that is shown, and leaves alone what the user is doing with it. */
  async refresh(): Promise<void> {
    const lookup = this.lookup.value;
    if (lookup.kind === "found") await this.#ask(lookup.answer.key);
    if (lookup.kind === "failed") await this.#ask(lookup.key);
  }

  /** Writes the draft with the context that was seen. What has come meanwhile stays, and is shown. */
  async resolve(): Promise<void> {
    const [lookup, value] = [this.lookup.value, this.draft.value];
    if (lookup.kind !== "found" || value === undefined) return;
    const { key, merged } = lookup.answer;
    this.resolution.value = { kind: "writing" };
    try {
      await this.#api.resolve(key, value, merged.context);
    } catch (cause) {
      this.resolution.value = { kind: "failed", reason: reasonOf(cause) };
      return;
    }
    await this.#ask(key);
    this.draft.value = undefined;
    this.resolution.value = { kind: "done" };
  }

  async #ask(key: string): Promise<void> {
    let next: Lookup;
    try {
      next = { kind: "found", answer: await this.#api.key(key) };
    } catch (cause) {
      if (cause instanceof TokenWanted) return; // the page asks for it
      next = { kind: "failed", key, reason: reasonOf(cause) };
    }
    if (this.key !== key) return; // another key was asked for meanwhile
    if (JSON.stringify(next) !== JSON.stringify(this.lookup.value)) this.lookup.value = next;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Refused ? cause.message : "The node does not answer.";
}
