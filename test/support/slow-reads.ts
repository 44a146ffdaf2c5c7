/** Disks that take their time now and then, so that whatever may come between a read and its end does. */
import type { Disk, Runtime } from "../../src/runtime/runtime.ts";
import { replacing } from "./replacing.ts";

/** One of so many reads takes its time, up to so long. */
const SLOW_PART = 4;
const SLOW_MS_MAX = 300;

/** The same runtime, some of whose reads of tables take their time. */
export function withSlowReads(runtime: Runtime): Runtime {
  const { clock, random } = runtime;
  const wait = async (): Promise<void> => {
    if (random.below(SLOW_PART) === 0) await clock.sleep(random.below(SLOW_MS_MAX));
  };
  const open: Disk["open"] = async (path, options) => {
    const file = await runtime.disk.open(path, options);
    if (!path.endsWith(".sst")) return file;
    return replacing(file, {
      read: (offset, length) => wait().then(() => file.read(offset, length)),
      borrow: (offset, length, onRead) => void wait().then(() => file.borrow(offset, length, onRead)),
    });
  };
  return { ...runtime, disk: replacing(runtime.disk, { open }) };
}
