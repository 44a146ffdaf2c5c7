/** Names of the commit log's files: the number of the segment in at least six digits, so that they sort. */

const NAME = /^(\d{6,15})\.log$/;

export function logName(number: number): string {
  return `${String(number).padStart(6, "0")}.log`;
}

/** Undefined if the name is not that of a log file. */
export function logNumberOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
