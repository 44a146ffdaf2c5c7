/** The commit log of an engine, which says so when it cannot be written. */
import { StoreError } from "../../../base/errors.ts";
import { LogWriter } from "../log/log-writer.ts";
import type { Segment } from "../log/segment.ts";
import type { LsmSettings } from "./lsm-options.ts";
import type { Places } from "./recovery.ts";

/** `segment` takes rows first. `onTrouble`: what is in memory only may be lost. */
export function openLog(
  { runtime, fsync, logger, diskTimeoutMs }: LsmSettings,
  places: Places,
  segment: Segment,
  onTrouble: (cause: StoreError) => void,
): LogWriter {
  return new LogWriter({
    runtime,
    directory: places.log,
    policy: fsync,
    segment,
    silenceMsMax: diskTimeoutMs,
    onTrouble: (cause) => {
      logger.error({ cause }, "the commit log cannot be written: puts are refused");
      onTrouble(new StoreError("IO", "unknown", cause.message, { cause }));
    },
    onRecovery: () => logger.info({}, "the commit log can be written again"),
  });
}
