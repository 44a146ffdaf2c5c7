/** Requests as clients send them. */
export function encodeCalls(calls: readonly (readonly string[])[]): Buffer {
  const framed = calls.flatMap((call) => [
    `*${call.length}\r\n`,
    ...call.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`),
  ]);
  return Buffer.from(framed.join(""));
}
