/**
 * What `kvorum up` is to run: nodes on neighbouring ports of this machine, each with a directory and a machine label
 * of its own, and each told where the others are. Pure.
 *
 *   DATA/node-1       its files          DATA/node-1.log   what it logs
 *   port              for clients        port + 10000      for the other nodes
 *                                        port + 1000       for people: dashboard, metrics
 */
import { join } from "node:path";
import { ADMIN_PORT_STEP } from "../../server/admin/admin-port.ts";

export const NODES_MAX = 16;
export const NODES_DEFAULT = 3;
export const FIRST_PORT_DEFAULT = 7001;
/** From a node's port for clients to the one for other nodes, as in Redis Cluster. */
export const PEER_PORT_STEP = 10_000;

const PEER_HOST = "127.0.0.1";

/** Settings of `kvorum serve` that `kvorum up` gives each node itself. */
export const SETTINGS_OF_ONE_NODE: readonly string[] = [
  "port",
  "port-search",
  "data",
  "peer-host",
  "peer-port",
  "admin-port",
  "join",
  "machine",
  "rack",
  "dc",
  "weight",
];

/** Never on a command line, where others see it: nodes get it in their environment. */
const SECRET_SETTINGS: readonly string[] = ["password", "secret", "admin-token"];

export interface UpRequest {
  /** Where clients reach each node, one port each. */
  readonly host: string;
  readonly ports: readonly number[];
  readonly dataDirectory: string;
  /** As the user wrote them, by name. */
  readonly flags: ReadonlyMap<string, string>;
  /** Names of settings that are on by being there, without a value. */
  readonly switches: ReadonlySet<string>;
}

export interface PlannedNode {
  /** Also the label of its machine: copies of a key are on different ones. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly peerPort: number;
  /** Where people see how it is. */
  readonly adminPort: number;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** Arguments of `kvorum`: "serve", "--port", ... */
  readonly args: readonly string[];
}

export function planNodes({
  host,
  ports,
  dataDirectory,
  flags,
  switches,
}: UpRequest): readonly PlannedNode[] {
  const shared = [...flags]
    .filter(([name]) => !SETTINGS_OF_ONE_NODE.includes(name) && !SECRET_SETTINGS.includes(name))
    .flatMap(([name, text]) => (switches.has(name) ? [`--${name}`] : [`--${name}`, text]));
  return ports.map((port, index) => {
    const name = `node-${index + 1}`;
    const peerPort = port + PEER_PORT_STEP;
    const directory = join(dataDirectory, name);
    const others = ports.filter((other) => other !== port);
    const addresses = others.map((other) => `${PEER_HOST}:${other + PEER_PORT_STEP}`).join(",");
    const own = ["--port", `${port}`, "--data", directory];
    const clustered = ["--peer-host", PEER_HOST, "--peer-port", `${peerPort}`, "--machine", name];
    const adminPort = port + ADMIN_PORT_STEP;
    const admin = ["--admin-port", `${adminPort}`];
    const joining = others.length === 0 ? [] : ["--join", addresses];
    return {
      ...{ name, host, port, peerPort, adminPort, dataDirectory: directory, logFile: `${directory}.log` },
      args: ["serve", ...own, ...clustered, ...admin, ...joining, ...shared],
    };
  });
}

/** What nodes find in their environment: that of this program, without what each is told by its arguments. */
export function environmentOf(
  environment: Readonly<Record<string, string | undefined>>,
  flags: ReadonlyMap<string, string>,
): Readonly<Record<string, string | undefined>> {
  const secrets = SECRET_SETTINGS.filter((name) => flags.has(name));
  const hidden = [...SETTINGS_OF_ONE_NODE, ...secrets.map((name) => `${name}-file`)].map(variableOf);
  const passed = Object.entries(environment).filter(([name]) => !hidden.includes(name));
  const told = secrets.map((name) => [variableOf(name), flags.get(name)] as const);
  return Object.fromEntries([...passed, ...told]);
}

function variableOf(setting: string): string {
  return `KVORUM_${setting.replaceAll("-", "_").toUpperCase()}`;
}

/** A command as one types it into a shell. */
export function commandText(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
