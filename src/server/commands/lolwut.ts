/** `LOLWUT [VERSION version]` -> the ring, drawn in text, and Kvorum's version. */
import { VERSION } from "../../node/version.ts";
import { verbatim } from "../../resp/reply.ts";
import type { SessionCommand } from "../command.ts";

const WIDTH = 41;
const HEIGHT = 17;
const DOTS = 96;
const NODES = 9;

export const lolwut: SessionCommand = {
  name: "lolwut",
  kind: "session",
  arity: -1,
  flags: ["readonly", "fast"],
  group: "server",
  since: "5.0.0",
  summary: "Draws something, and tells the version.",
  complexity: "O(1)",
  syntax: "[VERSION version]",
  run: ({ server }) => verbatim("txt", `${ring(server.runtime.random.uint32())}\nKvorum ver. ${VERSION}\n`),
};

/** A circle of dots with nine nodes on it, of three machines; `seed` turns it. */
function ring(seed: number): string {
  const canvas = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(" "));
  const put = (turn: number, mark: string): void => {
    const angle = 2 * Math.PI * turn;
    const x = Math.round(((Math.sin(angle) + 1) * (WIDTH - 1)) / 2);
    const y = Math.round(((1 - Math.cos(angle)) * (HEIGHT - 1)) / 2);
    canvas[y]![x] = mark;
  };
  for (let i = 0; i < DOTS; i++) put(i / DOTS, ".");
  for (let i = 0; i < NODES; i++) put((i + (seed % 1024) / 1024) / NODES, "ABC"[i % 3]!);
  return canvas.map((row) => row.join("").trimEnd()).join("\n");
}
