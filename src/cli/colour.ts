/** Colours for terminals. */

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

export type Colour = keyof typeof CODES;

/** Whether a stream should get colours: see https://no-color.org. */
export function wantsColour(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && (environment.NO_COLOR ?? "") === "" && environment.TERM !== "dumb";
}

export function coloured(text: string, colour: Colour, isColoured: boolean): string {
  return isColoured ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
}
