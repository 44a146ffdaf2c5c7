/** A terminal's screen, taken while something is shown there and given back as it was. Escape sequences of xterm. */
import type { Screen } from "./top.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_TO_LINE_END = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CTRL_C = "\x03";
/** Of what is no terminal. */
const PAGE = { columns: 200, rows: 10_000 };

export interface ScreenStreams {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly isColoured: boolean;
}

export function terminalScreen({ input, output, isColoured }: ScreenStreams): Screen {
  const isTerminal = output.isTTY === true && input.isTTY === true;
  let give: () => void = () => undefined;
  return {
    isTerminal,
    isColoured,
    size: () => (isTerminal ? { columns: output.columns, rows: output.rows } : PAGE),
    show(lines) {
      if (!isTerminal) output.write(`${lines.join("\n")}\n`);
      else
        output.write(
          `${HOME}${lines.map((line) => `${line}${CLEAR_TO_LINE_END}`).join("\r\n")}${CLEAR_BELOW}`,
        );
    },
    open({ onKey, onResize }) {
      const onInput = (bytes: Buffer): void => {
        for (const key of bytes.toString()) onKey(key === CTRL_C ? "q" : key);
      };
      output.write(ENTER);
      input.setRawMode(true).on("data", onInput).resume();
      output.on("resize", onResize);
      give = () => {
        output.off("resize", onResize);
        input.off("data", onInput).setRawMode(false).pause();
        output.write(LEAVE);
      };
    },
    close: () => give(),
  };
}
