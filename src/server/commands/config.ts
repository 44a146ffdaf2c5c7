/** `CONFIG GET | SET | RESETSTAT | REWRITE`. */
import { matchesGlob } from "../../base/glob.ts";
import { map, OK, type Reply } from "../../resp/reply.ts";
import { echo, fromLatin1, latin1, SYNTAX_ERROR } from "../arguments.ts";
import { REDACTED } from "../authentication.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { PARAMETERS, parameterNamed } from "../configuration.ts";
import { container } from "../container.ts";
import type { Parameter } from "../parameter.ts";
import type { Server } from "../server.ts";

const ordinary = {
  kind: "session",
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
} as const;

const configGet: SessionCommand = {
  ...ordinary,
  name: "config|get",
  arity: -3,
  since: "2.0.0",
  summary: "Answers parameters by name or glob pattern.",
  complexity: "O(N) in the patterns",
  syntax: "parameter [parameter ...]",
  run({ server }, args) {
    const found = new Map<string, Parameter>();
    for (const arg of args.slice(2)) {
      for (const [name, parameter] of matching(latin1(arg))) found.set(name, parameter);
    }
    return map(
      [...found].map(([name, parameter]) => [
        fromLatin1(name),
        fromLatin1(parameter.read(server.settings, server)),
      ]),
    );
  },
};

/** A plain name is answered as it was asked for, in its own case of letters. */
function matching(pattern: string): readonly (readonly [string, Parameter])[] {
  if (!/[[*?]/.test(pattern)) {
    const parameter = parameterNamed(pattern);
    return parameter === undefined ? [] : [[pattern, parameter]];
  }
  const glob = fromLatin1(pattern.toLowerCase());
  const matches = PARAMETERS.filter(({ name }) => matchesGlob(glob, fromLatin1(name)));
  return matches.map((parameter) => [parameter.name, parameter]);
}

const configSet: SessionCommand = {
  ...ordinary,
  name: "config|set",
  arity: -4,
  since: "2.0.0",
  summary: "Changes parameters while the server runs: all of those given, or none.",
  complexity: "O(N) in the parameters",
  syntax: "parameter value [parameter value ...]",
  redact: (args) => args.map((arg, i) => (i > 2 && i % 2 === 1 && isSecret(args[i - 1]!) ? REDACTED : arg)),
  run({ server }, args) {
    if (args.length % 2 !== 0) throw new CommandError(SYNTAX_ERROR);
    const changes: Change[] = [];
    for (let i = 2; i < args.length; i += 2) changes.push(findParameter(args[i]!, args[i + 1]!, changes));
    apply(server, changes);
    return OK;
  },
};

interface Change {
  readonly parameter: Parameter;
  readonly text: string;
}

function findParameter(name: Uint8Array, value: Uint8Array, earlier: readonly Change[]): Change {
  const shown = echo(name, Number.POSITIVE_INFINITY);
  const parameter = parameterNamed(latin1(name));
  if (parameter === undefined) {
    throw new CommandError(`ERR Unknown option or number of arguments for CONFIG SET - '${shown}'`);
  }
  if (parameter.write === undefined) throw failed(shown, "can't set immutable config");
  if (earlier.some((change) => change.parameter === parameter)) throw failed(shown, "duplicate parameter");
  return { parameter, text: latin1(value) };
}

/** Nothing is changed unless everything can be. */
function apply(server: Server, changes: readonly Change[]): void {
  const draft = { ...server.settings };
  for (const { parameter, text } of changes) {
    const refusal = parameter.write?.(draft, text);
    if (refusal !== undefined) throw failed(parameter.name, refusal);
  }
  Object.assign(server.settings, draft);
  server.applySettings();
}

function failed(name: string, reason: string): CommandError {
  return new CommandError(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);
}

function isSecret(name: Uint8Array): boolean {
  return parameterNamed(latin1(name))?.isSecret === true;
}

const configResetstat: SessionCommand = {
  ...ordinary,
  name: "config|resetstat",
  arity: 2,
  since: "2.0.0",
  summary: "Begins the counters of INFO anew.",
  complexity: "O(1)",
  run({ server }): Reply {
    server.resetStatistics();
    return OK;
  },
};

const configRewrite: SessionCommand = {
  ...ordinary,
  name: "config|rewrite",
  arity: 2,
  since: "2.8.0",
  summary: "Refuses: the server keeps no file of its own settings.",
  complexity: "O(1)",
  run() {
    throw new CommandError("ERR The server is running without a config file");
  },
};

export const config = container({
  name: "config",
  group: "server",
  since: "2.0.0",
  helpSince: "5.0.0",
  summary: "Shows and changes parameters of the server.",
  subcommands: [configGet, configResetstat, configRewrite, configSet],
});
