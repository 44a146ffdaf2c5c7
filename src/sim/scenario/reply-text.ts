/** What a request came to, as scenarios show it. */
import type { Outcome, Reply } from "../history/history.ts";

export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "reply":
      return replyText(outcome.reply);
    case "not-applied":
      return `not applied: ${withoutDetails(outcome.error)}`;
    default:
      return `unknown: ${withoutDetails(outcome.error)}`;
  }
}

/** What stands behind a colon tells of addresses and milliseconds, which are not what a scenario is about. */
function withoutDetails(error: string): string {
  return error.split(": ", 1)[0]!;
}

/** Integers stand as they are, text that looks like one in quotes. */
export function replyText(reply: Reply): string {
  if (reply === null) return "nil";
  if (typeof reply === "number") return String(reply);
  if (typeof reply === "string") return valueText(reply);
  return `[${reply.map(replyText).join(", ")}]`;
}

export function valueText(text: string): string {
  return /^[A-Za-z][\w.:-]*$/.test(text) && text !== "nil" ? text : JSON.stringify(text);
}
