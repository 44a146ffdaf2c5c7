/** The commit log of an engine, which says so when it cannot be written. */
import { LogWriter } from "../log/log-writer.ts";
import type { Segment } from "../log/segment.ts";
import type { LsmSettings } from "./lsm-options.ts";
import type { Places } from "./recovery.ts";

/** `segment` takes rows first. */
export function openLog(
  { runtime, fsync, logger }: LsmSettings,
  places: Places,
  segment: Segment,
): LogWriter {
  return new LogWriter({
    runtime,
    directory: places.log,
    policy: fsync,
    segment,
    onTrouble: (cause) => logger.error({ cause }, "the commit log cannot be written: puts are refused"),
    onRecovery: () => logger.info({}, "the commit log can be written again"),
  });
}
