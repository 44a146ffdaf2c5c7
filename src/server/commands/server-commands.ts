/** Commands about the server: what it is, does and may do. */
import type { Command } from "../command.ts";
import { acl } from "./acl.ts";
import { cluster, clusterModes } from "./cluster.ts";
import { command } from "./command.ts";
import { config } from "./config.ts";
import { debug } from "./debug.ts";
import { functionCommand, scriptCommand } from "./function.ts";
import { info } from "./info.ts";
import { latency } from "./latency.ts";
import { lolwut } from "./lolwut.ts";
import { memory } from "./memory.ts";
import { moduleCommand } from "./module.ts";
import { replicaofCommands, role, wait } from "./role.ts";
import { saveCommands } from "./save.ts";
import { shutdown } from "./shutdown.ts";
import { slowlog } from "./slowlog.ts";
import { time } from "./time.ts";

export const serverCommands: readonly Command[] = [
  acl,
  cluster,
  ...clusterModes,
  command,
  config,
  debug,
  functionCommand,
  info,
  latency,
  lolwut,
  memory,
  moduleCommand,
  ...replicaofCommands,
  role,
  ...saveCommands,
  scriptCommand,
  shutdown,
  slowlog,
  time,
  wait,
];
