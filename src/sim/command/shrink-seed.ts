/** Shrinks the run of a seed that fails, and writes what is left as a scenario. */
import { printRun } from "../scenario/run-stage.ts";
import { shrinkRun } from "../shrink/shrink-run.ts";
import { CHECKERS } from "../world/checkers-in-use.ts";
import { drawWishes } from "../world/swarm.ts";
import type { SimRequest } from "./sim-request.ts";

/** Undefined if it does not fail. `onTry` is told of each run, with what is smallest so far. */
export async function shrinkSeed(
  seed: string,
  { isSwarm, wishes }: Pick<SimRequest, "isSwarm" | "wishes">,
  onTry: (line: string) => void,
): Promise<string | undefined> {
  const wanted = isSwarm ? drawWishes(seed, wishes.faultsMs ?? 60_000) : { ...wishes, seed };
  const shrunk = await shrinkRun(wanted, {
    checkers: CHECKERS,
    onTry: (triesLeft, { script, clients, nodes, faultsMs }) =>
      onTry(
        `${triesLeft} tries left: ${script?.length} deeds, ${clients ?? 6} clients, ${nodes ?? 5} nodes, ${faultsMs} ms`,
      ),
  });
  if (shrunk === undefined) return undefined;
  const [first] = shrunk.violations.filter(({ checker }) => checker === shrunk.checker);
  const comment = `# ${shrunk.checker}: ${first?.message}`;
  return `${[comment, ...printRun(shrunk.wishes, shrunk.checker), "< broken"].join("\n")}\n`;
}
