/**
 * A disk that says it has synced what was appended to a log, and has not: it is lost when the power fails. (One that lies
 * of every file leaves nothing to start from, which is seen at once.)
 */
import type { Disk, DiskFile } from "../../runtime/runtime.ts";
import type { Sabotage } from "./sabotage.ts";

export const lyingDisk: Sabotage = {
  name: "sync that does not",
  breaks: "a sync of the commit log resolves without making it durable",
  seams: { runtimeOf: (runtime) => ({ ...runtime, disk: lyingView(runtime.disk) }) },
};

function lyingView(disk: Disk): Disk {
  return replacing(disk, {
    open: async (path, options) => {
      const file = await disk.open(path, options);
      return path.endsWith(".log") ? lyingFile(file) : file;
    },
  });
}

function lyingFile(file: DiskFile): DiskFile {
  // It takes as long as one that does, so that nothing else changes.
  return replacing(file, { sync: async () => void (await file.sizeBytes()), syncSync: () => undefined });
}

/** As `whole`, but for some methods. */
export function replacing<T extends object>(whole: T, methods: Partial<T>): T {
  return new Proxy(whole, {
    get: (_, name) => {
      const own = Reflect.get(name in methods ? methods : whole, name);
      return typeof own === "function" ? own.bind(name in methods ? methods : whole) : own;
    },
  });
}
