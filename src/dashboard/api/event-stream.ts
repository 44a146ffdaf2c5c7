/**
 * Server-sent events, from text as it comes in pieces. Source: WHATWG HTML, "Interpreting an event stream".
 *
 *   id: 7
 *   data: {"kind":"node-down"}
 *                                   an empty line ends a message; ": ..." is a comment
 *
 * By hand, because the browser's own EventSource cannot send a token.
 */

export interface StreamedMessage {
  /** Of this message, or of the last that had one. */
  readonly id: string | undefined;
  readonly text: string;
}

export class EventStreamParser {
  readonly #onMessage: (message: StreamedMessage) => void;
  #rest = "";
  #lines: string[] = [];
  #id: string | undefined;

  constructor(onMessage: (message: StreamedMessage) => void) {
    this.#onMessage = onMessage;
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  #take(line: string): void {
    if (line === "") {
      this.#end();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#lines.push(value);
    if (field === "id") this.#id = value;
  }

  #end(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join("\n");
    this.#lines = [];
    this.#onMessage({ id: this.#id, text });
  }
}
