/** Written to a terminal: takes back what stands in the line, so that something else may stand there. */
export const CLEAR_LINE = "\r\x1b[K";
