/** The options by which every command is told where a running node is. */
import type { Command } from "commander";

/** Where a running node is. Returns what makes flags of what commander gives an action. */
export function addNodeOptions(
  command: Command,
): (given: Record<string, unknown>) => ReadonlyMap<string, string> {
  command
    .option("--host <address>", "where the node listens [127.0.0.1]")
    .option("--port <number>", "the port it listens on [6379]")
    .option("--password-file <file>", "the node's password is in this file")
    .option(
      "--password <text>",
      "the node's password; others see a command line, so rather use KVORUM_PASSWORD or a file",
    );
  const names = { host: "host", port: "port", passwordFile: "password-file", password: "password" };
  return (given) =>
    new Map(
      Object.entries(names).flatMap(([attribute, name]) =>
        given[attribute] === undefined ? [] : [[name, String(given[attribute])] as const],
      ),
    );
}
