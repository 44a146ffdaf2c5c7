/** `INFO [section ...]` -> text: sections of `name:value` lines. Without a section, or with several, each once. */
import { type Reply, verbatim } from "../../resp/reply.ts";
import { latin1 } from "../arguments.ts";
import type { SessionCommand } from "../command.ts";
import type { Server } from "../server.ts";
import { SECTIONS, type Section } from "../status-sections.ts";

export const info: SessionCommand = {
  name: "info",
  kind: "session",
  arity: -1,
  flags: ["loading", "stale"],
  group: "server",
  since: "1.0.0",
  summary: "Tells how the server is and what it has done.",
  complexity: "O(1)",
  syntax: "[section [section ...]]",
  run: ({ server }, args) => report(server, chosen(args.slice(1))),
};

function chosen(args: readonly Uint8Array[]): readonly Section[] {
  const asked = new Set(args.length === 0 ? ["default"] : args.map((arg) => latin1(arg).toLowerCase()));
  const takesAll = asked.has("all") || asked.has("everything");
  const takesModules = asked.has("everything") || asked.has("default") || asked.has("modules");
  return SECTIONS.filter(({ name, isDefault }) => {
    if (name === "modules") return takesModules;
    return takesAll || asked.has(name) || (isDefault && asked.has("default"));
  });
}

function report(server: Server, sections: readonly Section[]): Reply {
  const texts = sections.map((section) => {
    const title = section.name === "cpu" ? "CPU" : section.name[0]!.toUpperCase() + section.name.slice(1);
    const lines = section.fields(server).map(([name, value]) => `${name}:${value}\r\n`);
    return `# ${title}\r\n${lines.join("")}`;
  });
  return verbatim("txt", texts.join("\r\n"));
}
