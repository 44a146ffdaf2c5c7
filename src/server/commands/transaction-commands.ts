/** The commands that queue others and run them as one. */
import type { Command } from "../command.ts";
import { exec } from "./exec.ts";
import { discard, multi } from "./multi.ts";
import { unwatch, watch } from "./watch.ts";

export const transactionCommands: readonly Command[] = [discard, exec, multi, unwatch, watch];
