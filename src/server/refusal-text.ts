/** What clients read when something was refused or has failed, as Redis would word it where it has words for it. */
import type { StoreError } from "../base/errors.ts";
import { echo } from "./arguments.ts";

export function errorText(error: StoreError): string {
  switch (error.code) {
    case "OUT_OF_MEMORY":
      return "OOM command not allowed when used memory > 'maxmemory'.";
    case "INVALID_REQUEST":
      return `ERR ${error.message}`;
    default:
      return `${error.code.replaceAll("_", "")} ${error.outcome === "unknown" ? "UNKNOWN" : "NOTAPPLIED"} ${error.message}`;
  }
}

/** Redis shows the first arguments, up to 128 characters of them. */
export function unknownCommandText(args: readonly Uint8Array[]): string {
  let shown = "";
  for (const arg of args.slice(1)) {
    if (shown.length >= 128) break;
    shown += `'${echo(arg, 128 - shown.length)}' `;
  }
  return `ERR unknown command '${echo(args[0]!)}', with args beginning with: ${shown}`;
}
