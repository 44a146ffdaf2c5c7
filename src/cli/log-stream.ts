/**
 * Logs on standard error: pino's JSON lines for machines, one readable line each for a terminal.
 *
 *   12:30:45.123 WARN  closed: clients hold too much  client=127.0.0.1:50312 bytes=1048576
 */
import pino from "pino";
import type { Logger } from "../base/logger.ts";
import type { LogFormat, LogLevel } from "./serve-settings.ts";

const STANDARD_ERROR = 2;
/** Lines that a reader has not taken; past it they are dropped rather than piled up. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
const LEVEL_WIDTH = 5;

export interface LogStream {
  readonly logger: Logger;
  /** Writes what is queued before it returns: for the last words of a node that fails. */
  flush(): void;
  /** Resolves when all is written, or nobody reads it any more. */
  close(): Promise<void>;
}

export interface LogStreamOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly isTerminal: boolean;
}

export function openLogStream({ level, format, isTerminal }: LogStreamOptions): LogStream {
  const destination = pino.destination({
    dest: STANDARD_ERROR,
    sync: false,
    maxLength: UNREAD_BYTES_MAX,
  });
  destination.on("error", ignore);
  const isText = format === "text" || (format === "auto" && isTerminal);
  const stream = isText ? { write: (line: string) => destination.write(formatLine(line)) } : destination;
  return {
    logger: createLogger(level, stream),
    flush: () => flush(destination),
    close: () => close(destination),
  };
}

/** JSON lines with an ISO time, the level as a word, and errors with their stack. */
export function createLogger(level: LogLevel, stream: { write(line: string): unknown }): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
    },
    { write: (line) => void stream.write(line) },
  );
}

/** The readable form of one JSON line. */
export function formatLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clockTime = String(time).slice("2026-01-01T".length, -1);
  const details = Object.entries(fields).map(([name, value]) => `${name}=${formatField(value)}`);
  const head = `${clockTime} ${String(level).toUpperCase().padEnd(LEVEL_WIDTH)} ${msg}`;
  return `${details.length === 0 ? head : `${head}  ${details.join(" ")}`}\n`;
}

function formatField(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === "object" && value !== null && "stack" in value) return String(value.stack);
  return JSON.stringify(value);
}

type Destination = ReturnType<typeof pino.destination>;

function close(destination: Destination): Promise<void> {
  return new Promise((resolve) => {
    destination.once("close", resolve);
    destination.once("error", () => resolve());
    destination.end();
  });
}

function flush(destination: Destination): void {
  try {
    destination.flushSync();
  } catch (cause) {
    // Nobody reads standard error any more, so there is nobody to tell.
    ignore(cause);
  }
}

function ignore(_cause: unknown): void {
  // A log that cannot be written must not stop the node.
}
