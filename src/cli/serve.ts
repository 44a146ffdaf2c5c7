/**
 * `kvorum serve`: one node from start to end.
 *
 *   standard output   "ready 127.0.0.1:6379" once connections are accepted, and nothing else
 *   standard error    logs
 *   exit code         0 after a stop that was asked for, 1 if the node failed
 */
import { resolve } from "node:path";
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { VERSION } from "../node/version.ts";
import { inlineMore } from "../runtime/nodejs/compiler.ts";
import { createNodejsRuntime } from "../runtime/nodejs/nodejs-runtime.ts";
import { createProgramGauges } from "../runtime/nodejs/program-gauges.ts";
import { createNodejsWeb } from "../runtime/nodejs/web.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RunningServer } from "../server/server.ts";
import { startServer } from "../server/start-server.ts";
import { type LogStream, openLogStream } from "./log-stream.ts";
import type { ServeSettings } from "./serve-settings.ts";
import { addressOf, explainFailure, isPortTaken } from "./start-failure.ts";
import { StopSignals } from "./stop-signals.ts";
import { welcomeText } from "./welcome.ts";

const PORTS_TRIED_MAX = 100;
const PORT_MAX = 65535;

/** Resolves to the exit code when the node has stopped. `welcomes`: say on standard error what to type next. */
export async function serve(settings: ServeSettings, { welcomes }: { welcomes: boolean }): Promise<number> {
  const { logLevel: level, logFormat: format } = settings;
  inlineMore();
  const log = openLogStream({ level, format, isTerminal: process.stderr.isTTY === true });
  const runtime = createNodejsRuntime();
  exitOnBug(log);
  const stopRequested = onStopSignal(runtime, log);
  const stop = new AbortController();
  void stopRequested.then(() =>
    stop.abort(new StoreError("CLOSED", "not-applied", "stopped before it had started")),
  );
  let server = await startOrExplain(runtime, settings, log, stop.signal);
  if (server === undefined) return stop.signal.aborted ? 0 : 1;
  announce(server, settings, welcomes);
  let end = await runUntilStopped(server, stopRequested, log.logger);
  while (end === "recover") {
    const again = { ...settings, port: server.port, portSearch: false, recover: true };
    server = await startOrExplain(createNodejsRuntime(), again, log, stop.signal);
    if (server === undefined) return stop.signal.aborted ? 0 : 1;
    end = await runUntilStopped(server, stopRequested, log.logger);
  }
  await log.close();
  return end;
}

async function startOrExplain(
  runtime: Runtime,
  settings: ServeSettings,
  { logger, close }: LogStream,
  stop: AbortSignal,
): Promise<RunningServer | undefined> {
  try {
    const server = await listen(runtime, settings, logger, stop);
    const { host, port } = server;
    logger.info({ version: VERSION, host, port, storage: settings.storage }, "accepting connections");
    return server;
  } catch (cause) {
    logger.debug({ cause }, "cannot start");
    await close(); // the explanation comes last, where it is seen
    if (stop.aborted) return undefined;
    process.stderr.write(`kvorum: ${explainFailure(cause, settings)}\n`);
    return undefined;
  }
}

/** The port asked for or, with `portSearch`, the first free one after it. */
async function listen(
  runtime: Runtime,
  settings: ServeSettings,
  logger: Logger,
  stop: AbortSignal,
): Promise<RunningServer> {
  const firstPort = settings.port;
  const dataDirectory = resolve(settings.dataDirectory); // as CONFIG GET dir and checkpoints tell it to others
  const gauges = createProgramGauges();
  const lastPort = settings.portSearch ? Math.min(firstPort + PORTS_TRIED_MAX - 1, PORT_MAX) : firstPort;
  for (let port = firstPort; ; port++) {
    try {
      const server = await startServer(runtime, { ...settings, dataDirectory, port }, logger, {
        stop,
        admin: { web: createNodejsWeb(), gauges },
      });
      if (port !== firstPort) noteOtherPort(firstPort, server.port);
      return server;
    } catch (cause) {
      if (!isPortTaken(cause) || port === lastPort) throw cause;
    }
  }
}

function noteOtherPort(wanted: number, found: number): void {
  process.stderr.write(`kvorum: port ${wanted} is taken, so this node listens on ${found}\n`);
}

function announce(server: RunningServer, settings: ServeSettings, welcomes: boolean): void {
  const { host, port } = server;
  // Also takes the command line, and a password on it, out of what `ps` shows.
  process.title = `kvorum ${addressOf(host, port)}`;
  process.stdout.write(`ready ${addressOf(host, port)}\n`);
  const needsPassword = settings.password !== undefined;
  const { admin } = server;
  if (welcomes)
    process.stderr.write(welcomeText({ host, port, needsPassword, dashboard: admin && dashboardOf(admin) }));
}

function dashboardOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${addressOf(host, port)}/`;
}

/** Resolves to the exit code, or to "recover": the node has stopped, and is to start anew with what is whole of its data. */
async function runUntilStopped(
  server: RunningServer,
  stopRequested: Promise<NodeJS.Signals>,
  logger: Logger,
): Promise<number | "recover"> {
  const stopped = stopRequested.then((signal) => {
    logger.info({ signal }, "stopping; signal again to stop at once");
    return server.close();
  });
  const told: { recovers: boolean } = { recovers: false };
  const recovering = server.node.recoveryWanted?.then(() => {
    told.recovers = true;
    logger.warn({}, "starting anew with what is whole; the other replicas bring back what is missing");
    return server.close();
  });
  try {
    await Promise.race([server.closed, stopped, ...(recovering === undefined ? [] : [recovering])]);
    logger.info({}, "stopped");
    return told.recovers ? "recover" : 0;
  } catch (cause) {
    logger.error({ cause }, "could not stop in good order");
    return 1;
  }
}

/** Resolves at the first signal to stop; exits the process at a later one. */
function onStopSignal(runtime: Runtime, log: LogStream): Promise<NodeJS.Signals> {
  const signals = new StopSignals();
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      const decision = signals.onSignal(runtime.clock.monotonicMs());
      if (decision === "stop") resolve(signal);
      if (decision === "exit") exitAtOnce(log);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}

/** A broken invariant stops the node rather than spreading. */
function exitOnBug(log: LogStream): void {
  process.on("uncaughtException", (error) => {
    log.logger.error({ error }, "a bug stopped this node");
    exitAtOnce(log);
  });
}

function exitAtOnce(log: LogStream): void {
  log.flush();
  process.exit(1);
}
