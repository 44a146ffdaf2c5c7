/** Where a reply ends, of either protocol, without decoding it: so that its bytes can be compared as they came. */

/** Position after the reply that begins at `at`; undefined if it is not all there. */
export function replyEnd(bytes: Buffer, at: number): number | undefined {
  let position = at;
  for (let pending = 1; pending > 0; pending--) {
    const lineEnd = bytes.indexOf("\r\n", position, "latin1");
    if (lineEnd < 0) return undefined;
    const type = String.fromCharCode(bytes[position]!);
    const count = Number(bytes.toString("latin1", position + 1, lineEnd));
    position = lineEnd + 2;
    if (isPayload(type) && count >= 0) position += count + 2;
    pending += itemCount(type, count);
  }
  return position > bytes.length ? undefined : position;
}

function isPayload(type: string): boolean {
  return type === "$" || type === "=" || type === "!";
}

function itemCount(type: string, count: number): number {
  if (type === "*" || type === "~" || type === ">") return Math.max(0, count);
  if (type === "%") return 2 * count;
  return type === "|" ? 2 * count + 1 : 0;
}
