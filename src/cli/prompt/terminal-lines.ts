/** Lines from standard input; on a terminal with a prompt, completion, and a history that outlives the program. */
import { createInterface } from "node:readline";
import { toText, utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Disk } from "../../runtime/runtime.ts";
import type { LineSource } from "./prompt.ts";

const HISTORY_LINES_MAX = 1_000;
/** Lines with secrets are not kept. */
const SECRET = /^\s*(auth|hello|config\s+set)\b/i;

export interface TerminalParts {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly disk: Pick<Disk, "open" | "exists">;
  /** Where the history is kept; undefined for nowhere. */
  readonly historyFile: string | undefined;
}

export function terminalLines({ input, output, disk, historyFile }: TerminalParts): LineSource {
  const isTerminal = input.isTTY === true && output.isTTY === true;
  return {
    async *lines({ prompt, complete }) {
      const kept = isTerminal ? historyFile : undefined;
      const reader = createInterface({
        ...{ input, output, terminal: isTerminal, removeHistoryDuplicates: true },
        ...(isTerminal && { history: await historyOf(disk, kept), historySize: HISTORY_LINES_MAX }),
        completer: complete,
      });
      const ask = (): void => {
        reader.setPrompt(prompt());
        if (isTerminal) reader.prompt();
      };
      reader.on("SIGINT", () => reader.close());
      try {
        ask();
        for await (const line of reader) {
          if (kept !== undefined && line.trim() !== "" && !SECRET.test(line)) await keep(disk, kept, line);
          yield line;
          ask();
        }
        if (isTerminal) output.write("\n");
      } finally {
        reader.close();
      }
    },
  };
}

/** Newest first, as readline wants it. */
async function historyOf(disk: TerminalParts["disk"], path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  try {
    if (!(await disk.exists(path))) return [];
    const file = await disk.open(path, { create: false });
    const text = toText(await file.read(0, await file.sizeBytes()));
    await file.close();
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.slice(-HISTORY_LINES_MAX).reverse();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    return []; // a prompt without a history is better than none
  }
}

async function keep(disk: TerminalParts["disk"], path: string, line: string): Promise<void> {
  try {
    const file = await disk.open(path);
    await file.append(utf8(`${line}\n`));
    await file.close();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause; // as above
  }
}
