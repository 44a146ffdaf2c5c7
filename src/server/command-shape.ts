/**
 * A command is a value: what it is called, which keys it touches, and a function.
 * `S` is the session that commands on sessions get; command.ts says which.
 *
 * Commands on keys are pure: they see views of the keys and answer with a reply and the changes they want.
 * They never wait, so each is atomic on its keys, and a coordinator can run them wherever the cells are.
 * Commands on the session or the node get the Session, and are the only ones with side effects.
 */
import type { Keyspaces } from "../membership/keyspaces.ts";
import type * as step from "../replication/step.ts";
import type { Change, KeyRef, KeyView } from "../replication/step.ts";
import type { Reply } from "../resp/reply.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Request } from "../resp/request.ts";

export type { Change, KeyRef, KeyView };
export type Effect = step.Effect<Reply>;
export type ManyEffect = step.ManyEffect<Reply>;

/** As COMMAND INFO names them. */
export type CommandFlag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "fast"
  | "no_auth"
  | "no_async_loading"
  | "no_multi"
  | "movablekeys"
  | "allow_busy";

/** Where keys stand among the arguments (the command's name is argument 0). `last` < 0 counts from the end. */
export interface KeyPositions {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** What people and clients may ask of a command: COMMAND, COMMAND DOCS, the compatibility table. */
export interface CommandDescription {
  /** Lower case; a subcommand's is "container|name". */
  readonly name: string;
  /** Number of arguments with the name; negative means at least that many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly group:
    | "string"
    | "bitmap"
    | "generic"
    | "connection"
    | "server"
    | "cluster"
    | "transactions"
    | "scripting"
    | "kvorum";
  /** The version of Redis that brought it; for Kvorum's own, of Kvorum. */
  readonly since: string;
  readonly summary: string;
  readonly complexity: string;
  readonly keys?: KeyPositions;
  /** Its arguments in Redis's notation, without the name: `key value [NX | XX]`. */
  readonly syntax?: string;
}

/** What a pure command may know besides keys and arguments. */
export interface CommandEnvironment {
  /** Wall time of the request, the same for all its steps. */
  readonly wallMs: number;
  /** The longest value that may be stored. */
  readonly valueBytesMax: number;
  /** The session's database, for commands whose arguments name another. */
  readonly database: number;
  /** Those declared: what holds for a key where its command does not say. */
  readonly keyspaces: Keyspaces;
}

type Arguments = readonly Uint8Array[];

interface WithKeys extends CommandDescription {
  readonly keys: KeyPositions;
  /** Databases of the keys where they are not all the session's: for COPY and MOVE. */
  keyRefs?(args: Arguments, database: number): readonly KeyRef[];
}

/** Reads one key. `args[0]` is the command's name. A view's bytes live only until the function returns. */
export interface ReadCommand extends WithKeys {
  readonly kind: "read";
  run(view: KeyView, args: Arguments, environment: CommandEnvironment): Reply;
  /** Such a read says nothing about use: OBJECT, TTL. */
  readonly leavesNoTrace?: boolean;
}

/** Reads one key and may change it. */
export interface UpdateCommand extends WithKeys {
  readonly kind: "update";
  run(view: KeyView, args: Arguments, environment: CommandEnvironment): Effect;
  /** True if what the key holds matters neither to the reply nor to the change. Throws CommandError. */
  isBlind?(args: Arguments): boolean;
  /** True if what it has not seen stays beside what it writes. */
  readonly leavesUnseen?: boolean;
  /** True if a value that is there and does not expire shall not because of it. Where absent: it replaces the value. */
  keepsExpiry?(args: Arguments): boolean;
  /** True if the reply is to come with a receipt: what the write rests on. */
  wantsReceipt?(args: Arguments): boolean;
}

/** Reads several keys. */
export interface ReadManyCommand extends WithKeys {
  readonly kind: "read-many";
  run(views: readonly KeyView[], args: Arguments, environment: CommandEnvironment): Reply;
  /** As of a ReadCommand. */
  readonly leavesNoTrace?: boolean;
}

/** Reads several keys and may change them: `changes[i]` belongs to the i-th key. */
export interface UpdateManyCommand extends WithKeys {
  readonly kind: "update-many";
  run(views: readonly KeyView[], args: Arguments, environment: CommandEnvironment): ManyEffect;
  /** As of an UpdateCommand. */
  isBlind?(args: Arguments): boolean;
}

/** A step on keys: it runs wherever a copy of these is. */
export type KeyCommand = ReadCommand | UpdateCommand | ReadManyCommand | UpdateManyCommand;

/** Concerns the connection or the node; answers at once or later, or, with NO_REPLY, not at all. */
export interface SessionCommand<S = never> extends CommandDescription {
  readonly kind: "session";
  run(session: S, args: Arguments): Answer | Promise<Answer>;
  /** For commands with keys of their own kind (DEBUG, OBJECT HELP): as COMMAND GETKEYS shows them. */
  keyRefs?(args: Arguments, database: number): readonly KeyRef[];
  /** The arguments as the slow log may show them: where they hold secrets. */
  redact?(args: Arguments): Arguments;
}

/** Has subcommands: `CLIENT LIST` is command "client|list" of container "client". */
export interface ContainerCommand<S = never> extends CommandDescription {
  readonly kind: "container";
  /** What it does without a subcommand, if anything. */
  readonly alone?: SessionCommand<S>;
  readonly subcommands: readonly RunnableCommand<S>[];
}

export type RunnableCommand<S = never> = KeyCommand | SessionCommand<S>;

export type Command<S = never> = RunnableCommand<S> | ContainerCommand<S>;

/**
 * The shortcut of a command that most requests are: works on the request in place, without allocating.
 * False, with nothing done or written, sends the request the general way. A promise is of the reply, where the disk
 * must be waited for: the request is another's by then.
 */
export type FastPath<S = never> = (
  session: S,
  request: Request,
  writer: ReplyWriter,
) => boolean | Promise<Answer>;

/** The command has no reply, or has written it itself. */
export const NO_REPLY = Symbol("no reply");

export type Answer = Reply | typeof NO_REPLY;

/** A refusal, as the client will read it: `-ERR ...`. Thrown by whatever examines arguments. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
