/** `ACL CAT | GETUSER | LIST | USERS | WHOAMI`: there is one user, who may do all; users cannot be made. */
import { createHash } from "node:crypto";
import { utf8 } from "../../base/bytes.ts";
import { map, set } from "../../resp/reply.ts";
import { echo, latin1 } from "../arguments.ts";
import { DEFAULT_USER } from "../authentication.ts";
import type { Session } from "../command.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { CATEGORIES, categoriesOf } from "../command-traits.ts";
import { container, misusedSubcommand } from "../container.ts";

const ordinary = {
  kind: "session",
  flags: ["noscript", "loading", "stale"],
  group: "server",
  since: "6.0.0",
  complexity: "O(1)",
} as const;

const admin = { ...ordinary, flags: ["admin", "noscript", "loading", "stale"] } as const;

const aclCat: SessionCommand = {
  ...ordinary,
  name: "acl|cat",
  arity: -2,
  summary: "Answers the categories of commands, or the commands of one.",
  complexity: "O(N) in the commands",
  syntax: "[category]",
  run({ server }, args) {
    if (args.length > 3) throw misusedSubcommand(args);
    if (args.length === 2) return CATEGORIES;
    const category = latin1(args[2]!).toLowerCase();
    if (!CATEGORIES.some((known) => known === category)) {
      throw new CommandError(`ERR Unknown category '${echo(args[2]!)}'`);
    }
    const commands = server.commands.entries().map(({ command }) => command);
    return commands
      .filter((command) => categoriesOf(command, false).includes(category))
      .map(({ name }) => name);
  },
};

const aclGetuser: SessionCommand = {
  ...admin,
  name: "acl|getuser",
  arity: 3,
  summary: "Describes a user.",
  syntax: "username",
  run(session, args) {
    if (latin1(args[2]!) !== DEFAULT_USER) return null;
    const hash = passwordHash(session);
    return map([
      ["flags", set(hash === undefined ? ["on", "nopass"] : ["on"])],
      ["passwords", hash === undefined ? [] : [hash]],
      ["commands", "+@all"],
      ["keys", "~*"],
      ["channels", "&*"],
      ["selectors", []],
    ]);
  },
};

const aclList: SessionCommand = {
  ...admin,
  name: "acl|list",
  arity: 2,
  summary: "Describes the users, as an ACL file would.",
  run(session) {
    const hash = passwordHash(session);
    return [`user ${DEFAULT_USER} on ${hash === undefined ? "nopass" : `#${hash}`} ~* &* +@all`];
  },
};

const aclUsers: SessionCommand = {
  ...admin,
  name: "acl|users",
  arity: 2,
  summary: "Answers the names of the users.",
  run: () => [DEFAULT_USER],
};

const aclWhoami: SessionCommand = {
  ...ordinary,
  name: "acl|whoami",
  arity: 2,
  summary: "Answers the user of this connection.",
  run: () => DEFAULT_USER,
};

function passwordHash({ server }: Session): string | undefined {
  const { password } = server.settings;
  return password === undefined ? undefined : createHash("sha256").update(utf8(password)).digest("hex");
}

export const acl = container({
  name: "acl",
  group: "server",
  since: "6.0.0",
  helpSince: "6.0.0",
  summary: "Shows who may do what.",
  subcommands: [aclCat, aclGetuser, aclList, aclUsers, aclWhoami],
});
