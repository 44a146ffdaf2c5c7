/** What 1 M keys cost a server in memory: by its own account, and by the operating system's. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Contender } from "./contender.ts";

const KEY_DIGITS = 16;
const KEYS_PER_PIPELINE = 1000;

export interface MemoryUse {
  readonly usedBytes: number;
  readonly residentBytes: number;
}

/** Growth of both, from empty to `keyCount` keys of 16 bytes with values of 100. */
export async function measureMemory(contender: Contender, keyCount: number): Promise<MemoryUse> {
  const before = await memoryOf(contender);
  await fill(contender.port, keyCount);
  const after = await memoryOf(contender);
  return {
    usedBytes: after.usedBytes - before.usedBytes,
    residentBytes: after.residentBytes - before.residentBytes,
  };
}

async function memoryOf({ port, pid }: Contender): Promise<MemoryUse> {
  const info = await exchange(port, "INFO memory\r\nQUIT\r\n", /\+OK\r\n$/);
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return {
    usedBytes: Number(/used_memory:(\d+)/.exec(info)![1]),
    residentBytes: 1024 * Number(resident![1]),
  };
}

async function fill(port: number, keyCount: number): Promise<void> {
  const value = "x".repeat(100);
  for (let first = 0; first < keyCount; first += KEYS_PER_PIPELINE) {
    let text = "";
    for (let i = first; i < first + KEYS_PER_PIPELINE; i++) {
      const key = String(i).padStart(KEY_DIGITS, "0");
      text += `*3\r\n$3\r\nSET\r\n$${KEY_DIGITS}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`;
    }
    await exchange(port, `${text}PING\r\n`, /\+PONG\r\n$/);
  }
}

/** Resolves to all that came up to `end`. */
async function exchange(port: number, text: string, end: RegExp): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" }).setEncoding("latin1");
  socket.write(text);
  let answer = "";
  for await (const piece of socket) {
    answer += piece;
    if (end.test(answer.slice(-16))) break;
  }
  return answer;
}
