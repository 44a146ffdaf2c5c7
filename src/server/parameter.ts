/**
 * Kinds of parameters, as CONFIG GET and SET know them: how each is written and which values it takes.
 * The reasons for refusing a value are Redis's own where Redis has the rule.
 */
import { parseSize } from "../node/quantity.ts";
import { fromLatin1, parseInteger64 } from "./arguments.ts";
import type { LiveSettings, Server } from "./server.ts";

export interface Parameter {
  /** Lower case, as Redis calls it. */
  readonly name: string;
  /** The value is not to be seen in logs. */
  readonly isSecret?: boolean;
  read(settings: Readonly<LiveSettings>, server: Server): string;
  /** Puts the value into `draft`, or says why not. Absent where only a restart can change it. */
  write?(draft: LiveSettings, text: string): string | undefined;
}

type NameOf<T> = {
  [Name in keyof LiveSettings]: LiveSettings[Name] extends T ? Name : never;
}[keyof LiveSettings];

interface Range {
  readonly min: number;
  readonly max: number;
  /** How many of the setting's units make one of the parameter's. */
  readonly unit?: number;
}

export const INT32_MAX = 2 ** 31 - 1;

/** A whole number. */
export function whole(name: string, setting: NameOf<number>, { min, max, unit = 1 }: Range): Parameter {
  return {
    name,
    read: (settings) => String(Math.ceil(settings[setting] / unit)),
    write(draft, text) {
      const value = parseInteger64(fromLatin1(text));
      if (value === undefined) return "argument couldn't be parsed into an integer";
      if (value < min || value > max) return outOfRange(min, max);
      (draft[setting] as number) = Math.min(Number(value) * unit, Number.MAX_SAFE_INTEGER);
      return undefined;
    },
  };
}

/** A number of bytes, which may have a unit: 100mb. */
export function size(name: string, setting: NameOf<number>, { min, max }: Range): Parameter {
  return {
    name,
    read: (settings) => String(settings[setting]),
    write(draft, text) {
      const bytes = parseSize(text);
      if (bytes === undefined) return "argument must be a memory value";
      if (bytes < min || bytes > max) return outOfRange(min, max);
      (draft[setting] as number) = bytes;
      return undefined;
    },
  };
}

/** One of several words. */
export function choice<Name extends NameOf<string>>(
  name: string,
  setting: Name,
  words: readonly LiveSettings[Name][],
): Parameter {
  return {
    name,
    read: (settings) => settings[setting],
    write(draft, text) {
      const chosen = words.find((word) => word === text.toLowerCase());
      if (chosen === undefined) return `argument(s) must be one of the following: ${words.join(", ")}`;
      draft[setting] = chosen;
      return undefined;
    },
  };
}

export function flag(name: string, setting: NameOf<boolean>): Parameter {
  return {
    name,
    read: (settings) => (settings[setting] ? "yes" : "no"),
    write(draft, text) {
      const answer = text.toLowerCase();
      if (answer !== "yes" && answer !== "no") return "argument must be 'yes' or 'no'";
      draft[setting] = answer === "yes";
      return undefined;
    },
  };
}

/** What Redis could change and Kvorum has in one way only: setting it to just that is no error. */
export function only(name: string, value: string): Parameter {
  return {
    name,
    read: () => value,
    write: (_draft, text) =>
      text.toLowerCase() === value ? undefined : `this version supports only '${value}'`,
  };
}

/** What is decided when the server starts, and may be set to what it is: as programs do that make sure. */
export function as(name: string, read: (settings: LiveSettings) => string): Parameter {
  return {
    name,
    read,
    write: (draft, text) =>
      text.toLowerCase() === read(draft) ? undefined : `this version supports only '${read(draft)}'`,
  };
}

/** What is decided when the server starts. */
export function immutable(name: string, read: Parameter["read"]): Parameter {
  return { name, read };
}

function outOfRange(min: number, max: number): string {
  return `argument must be between ${exact(min)} and ${exact(max)} inclusive`;
}

/** The end of the 64-bit range, too, which a JavaScript number only comes near to. */
function exact(bound: number): string {
  return bound >= 2 ** 63 ? String(2n ** 63n - 1n) : String(bound);
}
