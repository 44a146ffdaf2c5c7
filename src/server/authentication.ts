/** Whether a client is who it says. There is one user, `default`, whose password is a setting. */
import { utf8 } from "../base/bytes.ts";
import { latin1 } from "./arguments.ts";
import type { Session } from "./command.ts";

export const DEFAULT_USER = "default";
export const WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled.";
/** Stands in the slow log for what must not be read there. */
export const REDACTED: Uint8Array = utf8("(redacted)");

/** Lets the session in if name and password are right. Where no password is set, any will do. */
export function authenticate(session: Session, username: Uint8Array, password: Uint8Array): boolean {
  const expected = session.server.settings.password;
  if (latin1(username) !== DEFAULT_USER) return false;
  if (expected !== undefined && !equalsSecretly(utf8(expected), password)) return false;
  session.authenticate();
  return true;
}

/** Takes as long for any guess of one length, so that the time taken tells nothing of the secret. */
function equalsSecretly(secret: Uint8Array, guess: Uint8Array): boolean {
  let difference = secret.length ^ guess.length;
  for (let i = 0; i < guess.length; i++) difference |= guess[i]! ^ secret[i % secret.length]!;
  return difference === 0;
}
