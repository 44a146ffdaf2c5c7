/**
 * `kvorum cli`: a prompt to a node, or one command and its reply.
 *
 *   on a terminal   history, completion by TAB, replies with their types; `help SET`, `exit`
 *   in a pipe       a command a line, replies as they are
 *   with --json     each reply a line of JSON; an error is {"error": TEXT}
 *   exit code       0 the node has answered; 1 it has not, or the only command failed
 */
import { utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { splitInline } from "../../resp/inline-request.ts";
import { plainReply } from "../../resp/plain-reply.ts";
import { isFailure, type Reply } from "../../resp/reply.ts";
import { Request } from "../../resp/request.ts";
import type { Network } from "../../runtime/runtime.ts";
import type { AskedNode } from "../node-question.ts";
import { addressOf } from "../start-failure.ts";
import { CommandDocs } from "./command-docs.ts";
import { NodeLink } from "./node-link.ts";
import { jsonReply, rawReply, replyText, siblingsText } from "./reply-text.ts";

export interface PromptOutput {
  writeOutput(text: string | Uint8Array): void;
  writeError(text: string): void;
  /** Whether replies are for a person's eyes. */
  readonly isTerminal: boolean;
  readonly isColoured: boolean;
}

/** Where lines come from: a terminal, or a pipe. */
export interface LineSource {
  /** Ends when there are no more. `prompt` and `complete` are for terminals. */
  lines(options: {
    readonly prompt: () => string;
    readonly complete: (line: string) => [candidates: string[], word: string];
  }): AsyncIterable<string>;
}

export interface PromptRequest {
  readonly node: AskedNode;
  /** One command to ask; empty for a prompt. */
  readonly words: readonly string[];
  /** Replies are for a program. */
  readonly json: boolean;
}

/** Resolves to the exit code. */
export async function prompt(
  network: Pick<Network, "connect">,
  { node, words, json }: PromptRequest,
  source: LineSource,
  output: PromptOutput,
): Promise<number> {
  const talk = new Talk(network, node, json, output);
  try {
    if (words.length > 0) return (await talk.ask(words.map(utf8))) ? 0 : 1;
    await talk.begin();
    for await (const line of source.lines(talk)) if (!(await talk.onLine(line))) break;
    return 0;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    output.writeError(
      `kvorum: no answer by the node at ${addressOf(node.host, node.port)}: ${cause.message}\n`,
    );
    return 1;
  } finally {
    talk.end();
  }
}

class Talk {
  readonly #network: Pick<Network, "connect">;
  readonly #node: AskedNode;
  readonly #json: boolean;
  readonly #output: PromptOutput;
  #link: NodeLink | undefined;
  #docs = new CommandDocs([]);

  constructor(network: Pick<Network, "connect">, node: AskedNode, json: boolean, output: PromptOutput) {
    this.#network = network;
    this.#node = node;
    this.#json = json;
    this.#output = output;
  }

  readonly prompt = (): string => {
    const isThere = this.#link?.isBroken === false;
    return `${addressOf(this.#node.host, this.#node.port)}${isThere ? "" : " (not connected)"}> `;
  };

  readonly complete = (line: string): [string[], string] => this.#docs.complete(line);

  /** Rejects with StoreError IO. */
  async begin(): Promise<void> {
    const link = await this.#open();
    if (this.#output.isTerminal)
      this.#docs = new CommandDocs(plainReply(await link.call(["COMMAND", "DOCS"])));
  }

  /** False if it was the last one. */
  async onLine(line: string): Promise<boolean> {
    const words = splitWords(line);
    if (words === undefined) {
      this.#output.writeError("a quote is not closed, or something follows it without a blank\n");
      return true;
    }
    if (words.length === 0) return true;
    const [first, ...rest] = words.map((word) => Buffer.from(word).toString());
    if (/^(exit|quit)$/i.test(first!)) return false;
    if (/^(help|\?)$/i.test(first!)) this.#help(rest);
    else await this.#tryAsk(words);
    return true;
  }

  /** False if the reply is an error. Rejects with StoreError IO. */
  async ask(words: readonly Uint8Array[]): Promise<boolean> {
    const link = await this.#open();
    const reply = await link.call(words);
    this.#show(words, reply);
    return !isFailure(reply);
  }

  end(): void {
    this.#link?.close();
  }

  async #open(): Promise<NodeLink> {
    if (this.#link === undefined || this.#link.isBroken)
      this.#link = await NodeLink.open(this.#network, this.#node);
    return this.#link;
  }

  /** At a prompt a broken connection is told, and tried again with the next line. */
  async #tryAsk(words: readonly Uint8Array[]): Promise<void> {
    try {
      await this.ask(words);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#output.writeError(`${cause.message}\n`);
    }
  }

  #show(words: readonly Uint8Array[], reply: Reply): void {
    const { isTerminal, isColoured } = this.#output;
    if (this.#json) {
      this.#output.writeOutput(`${jsonReply(reply)}\n`);
      return;
    }
    if (!isTerminal) {
      this.#output.writeOutput(Buffer.concat([rawReply(reply), utf8("\n")]));
      return;
    }
    const [name = "", second = ""] = words.map((word) => Buffer.from(word).toString());
    const isSiblings = name.toLowerCase() === "kv.get";
    this.#output.writeOutput(
      `${isSiblings ? siblingsText(reply, isColoured) : replyText(reply, isColoured)}\n`,
    );
    const hint = isFailure(reply)
      ? this.#hintFor(String((reply as { text: string }).text), name, second)
      : undefined;
    if (hint !== undefined) this.#output.writeOutput(`${hint}\n`);
  }

  #hintFor(error: string, name: string, second: string): string | undefined {
    if (/wrong number of arguments|syntax error/i.test(error)) return this.#docs.help(name, second);
    if (!/^ERR unknown command/.test(error)) return undefined;
    const near = this.#docs.nearest(name);
    return near === undefined ? undefined : `did you mean ${near}?`;
  }

  #help(words: readonly string[]): void {
    const text =
      words.length === 0
        ? "help COMMAND tells how a command is used; TAB completes; KV.HELP tells what Redis lacks; exit ends."
        : (this.#docs.help(...words) ?? `there is no command ${words[0]!.toUpperCase()}`);
    this.#output.writeOutput(`${text}\n`);
  }
}

/** As Redis splits a line that somebody types; undefined if a quote is not closed. */
function splitWords(line: string): readonly Uint8Array[] | undefined {
  const request = new Request();
  const bytes = utf8(line);
  if (!splitInline(request, bytes, 0, bytes.length)) return undefined;
  return Array.from({ length: request.argCount }, (_, i) =>
    request.bytes.slice(request.starts[i]!, request.ends[i]!),
  );
}
