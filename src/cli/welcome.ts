/** What to type next, for somebody who has just started a node and wants to see it work. */

export interface WelcomeFacts {
  readonly host: string;
  readonly port: number;
  readonly needsPassword: boolean;
  /** Its address, if there is one. */
  readonly dashboard: string | undefined;
}

export function welcomeText({ host, port, needsPassword, dashboard }: WelcomeFacts): string {
  const hostFlag = host === "127.0.0.1" || host === "localhost" ? "" : ` -h ${host}`;
  const passwordFlag = needsPassword ? " --askpass" : "";
  const passwordOption = needsPassword ? ", password: process.env.KVORUM_PASSWORD" : "";
  return [
    "",
    "Kvorum is running; Ctrl-C stops it. Any Redis client can talk to it:",
    "",
    `  redis-cli${hostFlag} -p ${port}${passwordFlag} set greeting hello`,
    `  redis-cli${hostFlag} -p ${port}${passwordFlag} get greeting`,
    "",
    "or from Node.js:",
    "",
    '  import { Redis } from "ioredis";',
    `  const redis = new Redis({ host: "${host}", port: ${port}${passwordOption} });`,
    "",
    ...(dashboard === undefined ? [] : ["See how it is:", "", `  dashboard ${dashboard}`, ""]),
    "",
  ].join("\n");
}
