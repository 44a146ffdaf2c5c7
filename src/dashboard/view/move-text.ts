/** A move under way, in words. */
import type { MoveUnderWay } from "../api/answers.ts";
import { bytesText } from "./number-text.ts";

const WORDS: Readonly<Record<string, string>> = {
  join: "is joining",
  leave: "is leaving",
  reweigh: "gets another weight",
  replace: "takes another's place",
};

/** `name`: of the member that moves. */
export function moveText(move: MoveUnderWay, name: string): string {
  const { kind, stage, progress, bytes, bytesPerSecond } = move;
  const what = `${name} ${WORDS[kind] ?? kind}`;
  if (stage !== "streaming") return `${what}: all slots are there, nearly over.`;
  const done = `${Math.floor(progress * 100)}% is done, ${bytesText(bytes)} fetched, ${bytesText(bytesPerSecond)}/s`;
  return `${what}: ${done}. The dashed arcs are slots that get one more keeper.`;
}
