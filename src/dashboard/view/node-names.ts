/** What nodes are called on the page, and which colour each has: the same everywhere. */
import type { Member, RingAnswer } from "../api/answers.ts";

/** So many colours are in the style sheet, as --node-0 and so on; a further node has that of an earlier one. */
const COLOUR_COUNT = 10;

export interface NodeName {
  readonly id: string;
  readonly text: string;
  /** 0..COLOUR_COUNT-1. */
  readonly colour: number;
}

export class NodeNames {
  readonly all: readonly NodeName[];
  readonly #byId: ReadonlyMap<string, NodeName>;

  constructor(
    members: readonly Pick<Member, "id" | "name" | "machine" | "host" | "port">[],
    ring?: RingAnswer,
  ) {
    const given = new Map(ring?.members.map(({ id, name }) => [id, name]));
    const isAlone = (machine: string): boolean =>
      machine !== "" && members.filter((member) => member.machine === machine).length === 1;
    const texts = members.map((member) => {
      const { id, name, machine } = member;
      return {
        id,
        text: name ?? given.get(id) ?? (isAlone(machine) ? shortMachine(machine) : addressOf(member)),
      };
    });
    texts.sort((a, b) => a.text.localeCompare(b.text, "en", { numeric: true }) || (a.id < b.id ? -1 : 1));
    this.all = texts.map((name, index) => ({ ...name, colour: index % COLOUR_COUNT }));
    this.#byId = new Map(this.all.map((name) => [name.id, name]));
  }

  /** One that is no member, or no more, is called by the beginning of its id. */
  of(id: string): NodeName {
    return this.#byId.get(id) ?? { id, text: shortId(id), colour: COLOUR_COUNT - 1 };
  }

  /** The name of the node whose life the actor is, else the beginning of the actor. */
  ofActor(actor: string): string {
    return this.#byId.get(actor)?.text ?? shortId(actor);
  }
}

export function shortId(id: string): string {
  return id.length > 10 ? id.slice(0, 8) : id;
}

/** A machine's own id is long and says nothing. */
function shortMachine(machine: string): string {
  return /^[0-9a-f]{20,}$/.test(machine) ? machine.slice(0, 8) : machine;
}

function addressOf({ host, port, id }: Pick<Member, "host" | "port" | "id">): string {
  return host === null || port === null ? shortId(id) : `${host}:${port}`;
}
