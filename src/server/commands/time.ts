/** `TIME` -> [seconds, microseconds] of the Unix epoch, to the millisecond. */
import type { SessionCommand } from "../command.ts";

export const time: SessionCommand = {
  name: "time",
  kind: "session",
  arity: 1,
  flags: ["loading", "stale", "fast"],
  group: "server",
  since: "2.6.0",
  summary: "Tells the server's time.",
  complexity: "O(1)",
  run({ server }) {
    const wallMs = server.runtime.clock.wallMs();
    return [String(Math.floor(wallMs / 1000)), String((wallMs % 1000) * 1000)];
  },
};
