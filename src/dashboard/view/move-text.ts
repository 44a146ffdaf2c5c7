/** A move under way, in words. */
import type { MoveUnderWay } from "../api/answers.ts";

const WORDS: Readonly<Record<string, string>> = {
  join: "is joining",
  leave: "is leaving",
  reweigh: "gets another weight",
  replace: "takes another's place",
};

/** `name`: of the member that moves. */
export function moveText({ kind, stage, progress }: MoveUnderWay, name: string): string {
  const what = `${name} ${WORDS[kind] ?? kind}`;
  if (stage !== "streaming") return `${what}: all slots are there, nearly over.`;
  return `${what}: ${Math.floor(progress * 100)}% of the slots on their way have arrived. The dashed arcs are those that get a new keeper.`;
}
