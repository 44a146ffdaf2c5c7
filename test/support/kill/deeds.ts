/** Random requests of many kinds, each with what it does. */
import type { SimRandom } from "../../../src/sim/sim-random.ts";
import type { Deed, State } from "./history.ts";

const KEYS = 150;
const LONG_VALUE = 300_000;

type Keys = ReadonlyMap<string, string>;

/** The next request of a client that has selected `home`, and may let it change places with `away`. */
export function randomDeed(random: SimRandom, home: number, away: number, number: number): Deed {
  const key = `key:${random.below(KEYS)}`;
  const counter = `counter:${random.below(8)}`;
  const choice = random.below(1000);
  if (choice < 500) return set(home, key, freshValue(random, number));
  if (choice < 640) return remove(home, key);
  if (choice < 780) return increment(home, counter);
  if (choice < 830) return append(home, key, `+${number}`);
  if (choice < 880) return get(home, key);
  if (choice < 920) return setExpired(home, key);
  if (choice < 950)
    return setMany(home, [`key:${random.below(KEYS)}`, `key:${random.below(KEYS)}`], `${number}`);
  if (choice < 985) return rename(home, key, `key:${random.below(KEYS)}`);
  if (choice < 992) return swap(home, away);
  return choice < 996 ? flush(home) : set(home, key, `${number}`.padEnd(LONG_VALUE, "long "));
}

function freshValue(random: SimRandom, number: number): string {
  return `${number}`.padEnd(random.below(4) === 0 ? 2_000 : 100, "value ");
}

function set(home: number, key: string, value: string): Deed {
  return deed(
    ["set", key, value],
    home,
    (keys) => keys.set(key, value),
    () => "+OK\r\n",
  );
}

/** It has expired by the time that anybody looks at it again after a crash. */
function setExpired(home: number, key: string): Deed {
  return deed(
    ["set", key, "gone", "pxat", "1"],
    home,
    (keys) => keys.delete(key),
    () => "+OK\r\n",
  );
}

function remove(home: number, key: string): Deed {
  const reply = (keys: Keys): string => (keys.has(key) ? ":1\r\n" : ":0\r\n");
  return deed(["del", key], home, (keys) => keys.delete(key), reply);
}

function increment(home: number, key: string): Deed {
  const next = (keys: Keys): number => Number(keys.get(key) ?? 0) + 1;
  return deed(
    ["incr", key],
    home,
    (keys) => keys.set(key, `${next(keys)}`),
    (keys) => `:${next(keys)}\r\n`,
  );
}

function append(home: number, key: string, tail: string): Deed {
  const next = (keys: Keys): string => (keys.get(key) ?? "") + tail;
  return deed(
    ["append", key, tail],
    home,
    (keys) => keys.set(key, next(keys)),
    (keys) => `:${next(keys).length}\r\n`,
  );
}

function get(home: number, key: string): Deed {
  const reply = (value: string | undefined): string =>
    value === undefined ? "$-1\r\n" : `$${value.length}\r\n${value}\r\n`;
  return deed(
    ["get", key],
    home,
    () => undefined,
    (keys) => reply(keys.get(key)),
  );
}

function setMany(home: number, names: readonly string[], value: string): Deed {
  return deed(
    ["mset", ...names.flatMap((name) => [name, value])],
    home,
    (keys) => {
      for (const name of names) keys.set(name, value);
    },
    () => "+OK\r\n",
  );
}

function rename(home: number, from: string, to: string): Deed {
  return deed(
    ["rename", from, to],
    home,
    (keys) => {
      const value = keys.get(from);
      if (value === undefined) return;
      keys.delete(from);
      keys.set(to, value);
    },
    (keys) => (keys.has(from) ? "+OK\r\n" : "-ERR no such key\r\n"),
  );
}

function flush(home: number): Deed {
  return deed(
    ["flushdb"],
    home,
    (keys) => keys.clear(),
    () => "+OK\r\n",
  );
}

function swap(home: number, away: number): Deed {
  return {
    call: ["swapdb", `${home}`, `${away}`],
    after: (state) =>
      new Map([
        [home, state.get(away)!],
        [away, state.get(home)!],
      ]),
    reply: () => "+OK\r\n",
  };
}

function deed(
  call: readonly string[],
  home: number,
  change: (keys: Map<string, string>) => unknown,
  reply: (keys: Keys) => string,
): Deed {
  const after = (state: State): State => {
    const keys = new Map(state.get(home));
    change(keys);
    return new Map([...state, [home, keys]]);
  };
  return { call, after, reply: (state) => reply(state.get(home)!) };
}
