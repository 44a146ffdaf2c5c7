/** What one node says of itself, judged. Pure. */
import { placeOf } from "../cluster/cluster-view.ts";
import type { NodeReading } from "../nodes/node-reading.ts";
import { countText, sizeText } from "../quantity-text.ts";
import { type Finding, fine, trouble } from "./finding.ts";

/** Below it a node turns clients away before its setting says so; with its files and peers. */
const OPEN_FILES_MIN = 4_096;
const ROOM_WARN = 0.15;
const ROOM_BAD = 0.05;
/** Compaction needs room for what it rewrites. */
const ROOM_BYTES_BAD = 1024 ** 3;
const SYNC_MS_WARN = 20;
const SYNC_MS_BAD = 100;
const MEMORY_WARN = 0.9;

type Check = (place: string, fields: ReadonlyMap<string, string>) => readonly Finding[];

export function checkNode(reading: NodeReading): readonly Finding[] {
  const place = placeOf(reading.member);
  if (reading.problem !== undefined) {
    const remedy = "see that it runs, and that its client port can be reached from here";
    return [trouble("bad", place, `does not answer: ${reading.problem}`, remedy)];
  }
  return CHECKS.flatMap((check) => check(place, reading.fields));
}

const openFiles: Check = (place, fields) => {
  const max = numberOf(fields, "kvorum_open_files_max");
  if (max === undefined || max === 0) return [];
  if (max >= OPEN_FILES_MIN) return [fine(`may open ${countText(max)} files and sockets`, place)];
  const text = `may open only ${countText(max)} files and sockets: it serves ${fields.get("maxclients")} clients at most`;
  return [
    trouble(
      "warn",
      place,
      text,
      "raise the limit: ulimit -n 65536, or LimitNOFILE=65536 in its systemd unit",
    ),
  ];
};

const room: Check = (place, fields) => {
  const free = numberOf(fields, "lsm_disk_free_bytes");
  const total = numberOf(fields, "lsm_disk_total_bytes");
  if (free === undefined || total === undefined || total === 0) return [];
  const text = `${sizeText(free)} of ${sizeText(total)} are free on the disk of ${fields.get("lsm_directory")}`;
  const remedy = "make room, add a disk, or add a node (kvorum serve --join): a full disk refuses writes";
  if (free < Math.min(ROOM_BYTES_BAD, total / 2) || free < ROOM_BAD * total)
    return [trouble("bad", place, text, remedy)];
  return [free < ROOM_WARN * total ? trouble("warn", place, text, remedy) : fine(text, place)];
};

const syncs: Check = (place, fields) => {
  const count = numberOf(fields, "lsm_log_syncs") ?? 0;
  if (count === 0) return [];
  const ms = (numberOf(fields, "lsm_log_sync_average_usec") ?? 0) / 1_000;
  const text = `an fsync takes ${ms.toFixed(ms < 10 ? 2 : 0)} ms on average`;
  const remedy =
    "put its data on a faster disk (NVMe, or one with a power-safe cache), and nothing else busy on it";
  if (ms >= SYNC_MS_BAD) return [trouble("bad", place, text, remedy)];
  return [ms >= SYNC_MS_WARN ? trouble("warn", place, text, remedy) : fine(text, place)];
};

const damage: Check = (place, fields) => {
  const findings: Finding[] = [];
  if (numberOf(fields, "lsm_refuses_writes") === 1) {
    const remedy = "mend what it names, then start it again if it does not go on by itself";
    findings.push(trouble("bad", place, `refuses writes: ${fields.get("lsm_refusal")}`, remedy));
  }
  const figures = ["lsm_damaged_files", "lsm_corrupt_reads", "lsm_scrub_faults"];
  const damaged = figures.reduce((sum, name) => sum + (numberOf(fields, name) ?? 0), 0);
  if (damaged > 0) {
    const remedy =
      "kvorum inspect DATA says what is damaged; start it with --recover, then kvorum repair; mistrust the disk";
    findings.push(trouble("bad", place, "has met damaged files", remedy));
  }
  const failures = numberOf(fields, "lsm_log_failures") ?? 0;
  if (failures > 0)
    findings.push(
      trouble(
        "warn",
        place,
        `its log could not be written ${failures} times`,
        "look into its log, and at the disk",
      ),
    );
  return findings;
};

const memory: Check = (place, fields) => {
  const findings: Finding[] = [];
  const resident = numberOf(fields, "used_memory_rss") ?? 0;
  const total = numberOf(fields, "total_system_memory") ?? 0;
  if (total > 0 && resident > MEMORY_WARN * total) {
    const text = `uses ${sizeText(resident)} of the ${sizeText(total)} it may have`;
    findings.push(
      trouble("warn", place, text, "give it more memory, or less to keep there (--maxmemory, --block-cache)"),
    );
  }
  if (fields.get("kvorum_storage") === "memory" && numberOf(fields, "maxmemory") === 0) {
    const text = "keeps everything in memory, and nothing bounds it";
    findings.push(
      trouble("warn", place, text, "set --maxmemory, and --eviction for a cache; or --storage disk"),
    );
  }
  return findings;
};

const settings: Check = (place, fields) => {
  const findings: Finding[] = [];
  if (fields.get("lsm_fsync") === "no") {
    const text = "never syncs its log: a power failure takes what the system had not written yet";
    findings.push(trouble("warn", place, text, "--fsync everysec, or always"));
  }
  if (numberOf(fields, "kvorum_admin_port") === 0) {
    const remedy = "start it with --admin-port, for metrics, probes and the dashboard";
    findings.push(trouble("warn", place, "has no admin port", remedy));
  }
  return findings;
};

const refusals: Check = (place, fields) => {
  const refused = numberOf(fields, "kvorum_hints_refused") ?? 0;
  if (refused === 0) return [];
  const text = `has had no room for ${countText(refused)} hints: writes that other nodes have missed`;
  return [trouble("warn", place, text, "kvorum repair, once all nodes are up")];
};

const CHECKS: readonly Check[] = [openFiles, room, syncs, damage, memory, settings, refusals];

function numberOf(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = fields.get(name);
  return text === undefined || text === "" ? undefined : Number(text);
}
