/** A request as clients send it. */
import { utf8 } from "../base/bytes.ts";

export function encodeCall(words: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = words.map((word) => {
    const bytes = typeof word === "string" ? utf8(word) : word;
    return Buffer.concat([utf8(`$${bytes.length}\r\n`), bytes, utf8("\r\n")]);
  });
  return Buffer.concat([utf8(`*${words.length}\r\n`), ...parts]);
}
