/** HTTP for those who look after a node: opened beside the door for clients, and closed with it. */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ProgramGauges } from "../../runtime/program-gauges.ts";
import type { Cancel } from "../../runtime/runtime.ts";
import type { Web, WebListener } from "../../runtime/web.ts";
import type { AdminFace } from "../admin-face.ts";
import { clusterPicture } from "../events/cluster-picture.ts";
import { EventLog } from "../events/event-log.ts";
import { EventWatch } from "../events/event-watch.ts";
import { MetricWatch } from "../metrics/metric-watch.ts";
import { SAMPLE_MS } from "../metrics/sampler.ts";
import type { Server } from "../server.ts";
import { createAdminApp } from "./admin-app.ts";
import { adminPortOf } from "./admin-port.ts";
import { DashboardFiles } from "./dashboard-files.ts";

/** Whoever looks at the cluster sees what happens well within two seconds. */
const LOOK_MS = 250;

/** What an admin door has of the outside world beside the server's own runtime. */
export interface AdminWorld {
  readonly web: Web;
  readonly gauges?: ProgramGauges | undefined;
}

/**
 * Undefined if the settings want none, or nobody has asked for the port and it is taken: then a warning says so. Rejects
 * with StoreError INVALID_SETTING if somebody has.
 */
export async function openAdminDoor(
  server: Server,
  { web, gauges }: AdminWorld,
  logger: Logger,
): Promise<AdminFace | undefined> {
  const { adminPort, adminHost: host, adminToken: token } = server.settings;
  const port = adminPort ?? portFor(server);
  if (port === "off" || port === undefined) return undefined;
  const { clock } = server.runtime;
  const events = new EventLog(clock);
  const dashboard = new DashboardFiles();
  const metrics = new MetricWatch(server, gauges);
  const answer = createAdminApp({ server, clock, events, metrics, token, dashboard, logger });
  let listener: WebListener;
  try {
    listener = await web.listen({ host, port }, answer);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    const text = `the admin door cannot be opened: ${cause.message}`;
    if (adminPort !== undefined) throw new StoreError("INVALID_SETTING", "not-applied", text, { cause });
    logger.warn({ cause }, `${text}; the node goes on without it`);
    return undefined;
  }
  logger.info({ host, port: listener.port }, "the admin door is open");
  const cancels = [watch(server, events), clock.every(SAMPLE_MS, () => metrics.look())];
  return new AdminDoor(listener, cancels);
}

class AdminDoor implements AdminFace {
  readonly #listener: WebListener;
  readonly #cancels: readonly Cancel[];

  constructor(listener: WebListener, cancels: readonly Cancel[]) {
    this.#listener = listener;
    this.#cancels = cancels;
  }

  get host(): string {
    return this.#listener.host;
  }

  get port(): number {
    return this.#listener.port;
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    await this.#listener.close();
  }
}

/** Undefined if there is no such port. Who takes any port for clients gets any port here. */
function portFor({ settings, port }: Server): number | undefined {
  if (settings.port === 0) return 0;
  return adminPortOf(port);
}

function watch(server: Server, events: EventLog): Cancel {
  const { clock } = server.runtime;
  const eventWatch = new EventWatch((happening) => events.add(happening));
  return clock.every(LOOK_MS, () => eventWatch.look(clusterPicture(server), clock.monotonicMs()));
}
