/** Names that CLIENT LIST shows: of a connection, and of the library at its other end. */
import { latin1 } from "../arguments.ts";
import type { Session } from "../command.ts";
import { CommandError } from "../command.ts";

/** Visible ASCII without blanks, or CLIENT LIST could not be taken apart. */
const NAME = /^[!-~]*$/;

/** An empty name takes the present one away. */
export function setClientName(session: Session, name: Uint8Array): void {
  session.name = plainName(name, "Client names");
}

/** The name as text. Throws CommandError, beginning with `what`, if it has characters that a name may not have. */
export function plainName(name: Uint8Array, what: string): string {
  const text = latin1(name);
  if (NAME.test(text)) return text;
  throw new CommandError(`ERR ${what} cannot contain spaces, newlines or special characters.`);
}
