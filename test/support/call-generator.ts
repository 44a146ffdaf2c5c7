/** Random calls of a family of commands, good and bad, the same for the same seed. */
import { SimRandom } from "../../src/sim/sim-random.ts";
import type { Call } from "./raw-client.ts";

/** Makes none, one or several arguments. */
export type ArgumentMaker = (random: SimRandom) => string[];
/** The shape of a call: fixed words, and what makes the rest. */
export type CallShape = readonly (string | ArgumentMaker)[];

/** One of `choices`. */
export function oneOf(...choices: readonly (string | ArgumentMaker)[]): ArgumentMaker {
  return (random) => make(choices[random.below(choices.length)]!, random);
}

/** From `min` to `max` times what `maker` makes. */
export function repeated(maker: ArgumentMaker, min: number, max: number): ArgumentMaker {
  return (random) => Array.from({ length: min + random.below(max - min + 1) }, () => maker(random)).flat();
}

/** The parts one after the other. */
export function sequence(...parts: CallShape): ArgumentMaker {
  return (random) => parts.flatMap((part) => make(part, random));
}

/** A whole number from `min` to `max`, in decimal. */
export function integerBetween(min: number, max: number): ArgumentMaker {
  return (random) => [`${min + random.below(max - min + 1)}`];
}

/** Up to `lengthMax` bytes of any value (below 256: the bits of `mask`). */
export function anyBytes(lengthMax: number, mask = 0xff): ArgumentMaker {
  return (random) => {
    const bytes = random.bytes(random.below(lengthMax + 1)).map((byte) => byte & mask);
    return [Buffer.from(bytes).toString("latin1")];
  };
}

export class CallGenerator {
  readonly #random: SimRandom;
  readonly #shapes: readonly CallShape[];
  readonly #strays: ArgumentMaker;

  /** `strays` makes the arguments that stand where they should not. */
  constructor({
    seed,
    shapes,
    strays,
  }: { seed: string; shapes: readonly CallShape[]; strays: ArgumentMaker }) {
    this.#random = new SimRandom(seed);
    this.#shapes = shapes;
    this.#strays = strays;
  }

  calls(count: number): Call[] {
    return Array.from({ length: count }, () => this.#call());
  }

  #call(): Call {
    const random = this.#random;
    const shape = this.#shapes[random.below(this.#shapes.length)]!;
    const call = shape.flatMap((part) => make(part, random));
    if (random.oneIn(8)) this.#spoil(call);
    return random.oneIn(4) ? call.map((argument, i) => (i === 0 ? argument.toUpperCase() : argument)) : call;
  }

  /** One argument too few, one too many, or one that does not belong. */
  #spoil(call: string[]): void {
    const at = 1 + this.#random.below(call.length);
    const [stray] = this.#strays(this.#random);
    const choice = this.#random.below(3);
    if (choice === 0) call.splice(at, 1);
    else if (choice === 1) call.splice(at, 0, stray!);
    else call.splice(at, 1, stray!);
  }
}

function make(part: string | ArgumentMaker, random: SimRandom): string[] {
  return typeof part === "string" ? [part] : part(random);
}
