/** `MODULE LIST` -> nothing: there are no modules. */
import type { SessionCommand } from "../command.ts";
import { container } from "../container.ts";

const moduleList: SessionCommand = {
  name: "module|list",
  kind: "session",
  arity: 2,
  flags: ["admin", "noscript"],
  group: "server",
  since: "4.0.0",
  summary: "Answers that no modules are loaded.",
  complexity: "O(1)",
  run: () => [],
};

export const moduleCommand = container({
  name: "module",
  group: "server",
  since: "4.0.0",
  helpSince: "5.0.0",
  summary: "Tells of modules, of which there are none.",
  subcommands: [moduleList],
});
