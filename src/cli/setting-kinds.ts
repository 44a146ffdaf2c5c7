/**
 * How the text of a setting becomes a value, and back. Text that a kind does not understand stays text, for the schema to refuse.
 */
import { formatDuration, formatSize, parseDuration, parseSize } from "../node/quantity.ts";

export const SETTING_KINDS = {
  text: { placeholder: "text", parse: (text: string): unknown => text, format: String },
  switch: { placeholder: "", parse: parseSwitch, format: String },
  count: { placeholder: "number", parse: parseCount, format: String },
  part: { placeholder: "part", parse: parsePart, format: String },
  port: {
    placeholder: "number",
    parse: (text: string): unknown => (text === "off" ? text : parseCount(text)),
    format: String,
  },
  size: {
    placeholder: "size",
    parse: (text: string): unknown => parseSize(text) ?? text,
    format: formatSize,
  },
  millis: {
    placeholder: "duration",
    parse: (text: string): unknown => parseDurationIn(text, 1000),
    format: (millis: number): string => formatDuration(millis * 1000),
  },
  micros: {
    placeholder: "duration",
    parse: (text: string): unknown => (text === "off" ? -1 : parseDurationIn(text, 1)),
    format: formatDuration,
  },
} as const;

function parseSwitch(text: string): unknown {
  return text === "true" ? true : text === "false" ? false : text;
}

function parseCount(text: string): unknown {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

function parsePart(text: string): unknown {
  return /^\d*\.?\d+$/.test(text) ? Number(text) : text;
}

/** Not a whole number, and so refused, if the duration is not a multiple of the unit. */
function parseDurationIn(text: string, unitMicros: number): unknown {
  const micros = parseDuration(text);
  return micros === undefined ? text : micros / unitMicros;
}
