/** What the style guide forbids, with the remedy that a failing test shows. */
import type { SourceFile } from "./source-file.ts";

export interface Ban {
  /** Matched against each line of code, without comments and plain strings. */
  readonly code?: RegExp;
  /** Matched against the names of imported modules. */
  readonly modules?: RegExp;
  readonly remedy: string;
  /** Paths where it is fine: a folder ends in "/". */
  readonly except: readonly string[];
  /** True if tests beside the code need not obey. */
  readonly sparesTests?: boolean;
}

/** The real world comes in here, and nowhere else. */
const REAL_RUNTIME = "src/runtime/nodejs/";
/** The dashboard's: its clock and its requests are the browser's. */
const BROWSER = "src/dashboard/browser/";
/** The outermost layer: a process with arguments, an environment and signals. */
const CLI = "src/cli/";

export const BANS: readonly Ban[] = [
  {
    code: /\bDate\.now\b|\bnew Date\(\)|(?<!new )\bDate\(\)|\bperformance\.(now|timeOrigin)\b/,
    modules: /^(node:)?perf_hooks$/,
    remedy: "take the time from runtime.clock",
    except: [REAL_RUNTIME, BROWSER],
  },
  {
    code: /\bset(Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b/,
    modules: /^(node:)?timers(\/promises)?$/,
    remedy: "use runtime.clock.sleep, every or defer",
    except: [REAL_RUNTIME, BROWSER, "src/sim/settle.ts"],
  },
  {
    code: /\bMath\.random\b|\brandom(UUID|Bytes|Int|Fill|FillSync)\b|\bgetRandomValues\b/,
    remedy: "take chance from runtime.random",
    except: [REAL_RUNTIME],
  },
  {
    code: /\bfetch\(|\bnew WebSocket\(/,
    modules: /^(node:)?(fs|net|dgram|http|https|http2|tls|dns)(\/promises)?$/,
    remedy: "use runtime.disk or runtime.network",
    // Settings and secrets are read before there is a node, and are often read-only.
    except: [REAL_RUNTIME, BROWSER, "src/cli/text-file.ts"],
    sparesTests: true,
  },
  {
    modules: /^(node:)?(worker_threads|child_process|cluster|os)$/,
    remedy: "use runtime.host, or the runtime's background work",
    except: [REAL_RUNTIME],
    sparesTests: true,
  },
  {
    code: /\bprocess(\.\w|\[)|= process\b/,
    modules: /^(node:)?process$/,
    remedy: "settings are arguments, and what a process knows of itself is in runtime.host",
    // To run microtasks.
    except: [REAL_RUNTIME, CLI, "src/sim/settle.ts"],
    sparesTests: true,
  },
  {
    code: /\bconsole\.\w/,
    remedy: "take a Logger",
    except: [],
  },
];

/** Words that name nothing. */
export const BANNED_NAME = /^(manager|helper|util|utilitie|common|service|info|data|process|handle)s?$/;

/** Without their endings. */
export const BANNED_NAME_EXCEPTIONS: readonly string[] = [
  // Redis's own name of the command.
  "src/server/commands/info",
  // As in "longest common subsequence".
  "src/server/common-subsequence",
];

export const FILE_LINES_MAX = 400;

/** What of `file` breaks a ban, with the remedy. */
export function breaches(
  file: SourceFile,
  { code, modules, remedy, except, sparesTests }: Ban,
): readonly string[] {
  if (sparesTests === true && file.isTest) return [];
  if (except.some((path) => (path.endsWith("/") ? file.path.startsWith(path) : file.path === path)))
    return [];
  const lines = code === undefined ? [] : file.code.split("\n").filter((line) => code.test(line));
  const imported = modules === undefined ? [] : file.modules.filter((name) => modules.test(name));
  return [...lines, ...imported].map((found) => `${file.path}: ${found.trim()}: ${remedy}`);
}
