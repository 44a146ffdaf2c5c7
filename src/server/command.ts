/** Commands as this server has them: the shapes of command-shape.ts, for its own sessions. */
import type * as shape from "./command-shape.ts";
import type { Server } from "./server.ts";
import type * as session from "./session.ts";

/** The client that a command acts for. */
export type Session = session.Session<Server>;

export type SessionCommand = shape.SessionCommand<Session>;
export type ContainerCommand = shape.ContainerCommand<Session>;
export type RunnableCommand = shape.RunnableCommand<Session>;
export type Command = shape.Command<Session>;
export type FastPath = shape.FastPath<Session>;

export type {
  Change,
  CommandDescription,
  CommandEnvironment,
  CommandFlag,
  Effect,
  KeyCommand,
  KeyPositions,
  KeyRef,
  KeyView,
  ManyEffect,
  ReadCommand,
  ReadManyCommand,
  UpdateCommand,
  UpdateManyCommand,
} from "./command-shape.ts";
export { CommandError, NO_REPLY } from "./command-shape.ts";
