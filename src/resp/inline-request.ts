/**
 * Inline requests: a line of words, as a human types them into telnet.
 * Source: Redis 7, `sdssplitargs`, by behaviour.
 *
 *   SET greeting "hello\r\n \x41"  'it\'s'   ->   SET  greeting  hello<CR><LF> A  it's
 *
 * Between words: blank, \t, \n, \v, \f, \r. A word that has begun ends only at blank, \t, \n or \r.
 * "..." knows \n \r \t \b \a \xHH, and backslash before any other byte means that byte; '...' knows only \'.
 * A quote may open inside a word, but what follows a closing quote must be a blank or the end.
 * A NUL ends the line, as the end of a C string does.
 */
import type { Request } from "./request.ts";

const NUL = 0;
const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const BLANK = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const LETTER_X = 0x78;
const ESCAPES = new Map([
  [0x6e, LF],
  [0x72, CR],
  [0x74, TAB],
  [0x62, 0x08],
  [0x61, 0x07],
]);

/** Splits `bytes[start, end)`, a line without its line end, into `request`. False if a quote is unbalanced. */
export function splitInline(request: Request, bytes: Uint8Array, start: number, end: number): boolean {
  request.clear();
  const nul = bytes.subarray(start, end).indexOf(NUL);
  const stop = nul === -1 ? end : start + nul;
  // Words without quotes are used in place. What quotes hold shrinks when it is unescaped, so a copy has room.
  const isPlain = !hasQuote(bytes, start, stop);
  const line = isPlain ? bytes : bytes.slice(start, stop);
  request.bytes = line;
  return isPlain ? splitPlain(request, start, stop) : splitQuoted(request, line);
}

function hasQuote(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i] === DOUBLE_QUOTE || bytes[i] === SINGLE_QUOTE) return true;
  }
  return false;
}

function splitPlain(request: Request, start: number, end: number): true {
  let at = skipBlanks(request.bytes, start, end);
  while (at < end) {
    const first = at;
    while (at < end && !endsWord(request.bytes[at]!)) at++;
    push(request, first, at);
    at = skipBlanks(request.bytes, at, end);
  }
  return true;
}

/** Unescapes in place: each word is written over bytes that have been read. */
function splitQuoted(request: Request, line: Uint8Array): boolean {
  let to = 0;
  let at = skipBlanks(line, 0, line.length);
  while (at < line.length) {
    const first = to;
    while (at < line.length && !endsWord(line[at]!)) {
      const quote = line[at]!;
      if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) {
        line[to++] = line[at++]!;
        continue;
      }
      const copied =
        quote === DOUBLE_QUOTE ? copyDoubleQuoted(line, at + 1, to) : copySingleQuoted(line, at + 1, to);
      if (copied === undefined) return false;
      ({ at, to } = copied);
      if (at < line.length && !isBlank(line[at]!)) return false;
      break;
    }
    push(request, first, to);
    at = skipBlanks(line, at, line.length);
  }
  return true;
}

interface Cursors {
  /** Past the closing quote. */
  readonly at: number;
  /** Past the last byte written. */
  readonly to: number;
}

/** Undefined if the quote never closes. */
function copyDoubleQuoted(line: Uint8Array, from: number, into: number): Cursors | undefined {
  let to = into;
  for (let at = from; at < line.length; at++) {
    const byte = line[at]!;
    if (byte === DOUBLE_QUOTE) return { at: at + 1, to };
    if (byte !== BACKSLASH || at + 1 === line.length) {
      line[to++] = byte;
      continue;
    }
    const escaped = line[++at]!;
    const high = hexDigit(line[at + 1]);
    const low = hexDigit(line[at + 2]);
    if (escaped === LETTER_X && high >= 0 && low >= 0) {
      line[to++] = high * 16 + low;
      at += 2;
    } else {
      line[to++] = ESCAPES.get(escaped) ?? escaped;
    }
  }
  return undefined;
}

function copySingleQuoted(line: Uint8Array, from: number, into: number): Cursors | undefined {
  let to = into;
  for (let at = from; at < line.length; at++) {
    if (line[at] === SINGLE_QUOTE) return { at: at + 1, to };
    if (line[at] === BACKSLASH && line[at + 1] === SINGLE_QUOTE) at++;
    line[to++] = line[at]!;
  }
  return undefined;
}

function push(request: Request, start: number, end: number): void {
  request.starts[request.argCount] = start;
  request.ends[request.argCount] = end;
  request.argCount++;
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at]!)) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === BLANK || (byte >= TAB && byte <= CR);
}

function endsWord(byte: number): boolean {
  return byte === BLANK || byte === TAB || byte === LF || byte === CR;
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte = NUL): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
