/**
 * Makes a failing input small by trying smaller ones: whoever asks knows what fails, this knows what to try next.
 * Source: Zeller and Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input", the algorithm ddmin.
 *
 *   1 2 3 4 5 6 7 8      fails, for there are 3 and 6
 *   1 2 3 4              passes       5 6 7 8   passes: so finer
 *       3 4 5 6 7 8      fails        ...                     3 6
 *
 * The result fails. Unless the budget ended the search, it fails no more whichever one item is left out.
 */

export type Fails<Input> = (input: Input) => Promise<boolean>;

/** How many more inputs may be tried. Shared by the parts of one search. */
export interface Budget {
  left: number;
}

/** Requires: all `items` together fail. Keeps their order. */
export async function fewestItems<Item>(
  items: readonly Item[],
  fails: Fails<readonly Item[]>,
  budget: Budget,
): Promise<readonly Item[]> {
  let present = items;
  let chunks = Math.min(2, present.length);
  while (present.length > 0) {
    const smaller = await firstFailing(complements(present, chunks), fails, budget);
    if (smaller !== undefined) {
      present = smaller;
      chunks = Math.min(Math.max(chunks - 1, 2), present.length);
    } else if (chunks < present.length && budget.left > 0) {
      chunks = Math.min(chunks * 2, present.length);
    } else {
      return present;
    }
  }
  return present;
}

/** The least number that fails, if all above it fail too; else some that does. Requires: `most` fails. */
export async function leastNumber(
  least: number,
  most: number,
  fails: Fails<number>,
  budget: Budget,
): Promise<number> {
  if (least >= most) return most;
  if (await failsWithin(least, fails, budget)) return least;
  let [passing, failing] = [least, most];
  while (failing - passing > 1 && budget.left > 0) {
    const middle = Math.floor((passing + failing) / 2);
    if (await failsWithin(middle, fails, budget)) failing = middle;
    else passing = middle;
  }
  return failing;
}

/** All but one of so many parts of about the same size, for each part. */
function* complements<Item>(items: readonly Item[], chunks: number): Generator<readonly Item[]> {
  for (let chunk = 0; chunk < chunks; chunk++) {
    const from = Math.floor((chunk * items.length) / chunks);
    const to = Math.floor(((chunk + 1) * items.length) / chunks);
    yield [...items.slice(0, from), ...items.slice(to)];
  }
}

async function firstFailing<Input>(
  inputs: Iterable<Input>,
  fails: Fails<Input>,
  budget: Budget,
): Promise<Input | undefined> {
  for (const input of inputs) if (await failsWithin(input, fails, budget)) return input;
  return undefined;
}

async function failsWithin<Input>(input: Input, fails: Fails<Input>, budget: Budget): Promise<boolean> {
  if (budget.left <= 0) return false;
  budget.left--;
  return fails(input);
}
