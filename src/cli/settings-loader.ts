/**
 * Settings from where people put them: flags beat the environment, which beats the file, which beats the
 * defaults. Collects every problem before it gives up, and each names the setting, its source and the rule.
 */
import { parse as parseToml, TomlError } from "smol-toml";
import { findConflict } from "../node/settings-schema.ts";
import { SERVE_DEFAULTS, type ServeSettings, serveSettingsSchema } from "./serve-settings.ts";
import {
  environmentNameOf,
  flagOf,
  parseSetting,
  SETTING_OPTIONS,
  type SettingOption,
} from "./setting-options.ts";
import { nearest } from "./suggestion.ts";

export interface SettingSources {
  /** By option name: `port` for `--port`. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Rejects with a reason that a person can read. */
  readonly readFile: (path: string) => Promise<string>;
  /** Instead of the usual defaults. */
  readonly defaults?: Partial<ServeSettings>;
}

/** The user's mistakes, one a line. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** One setting as somebody wrote it. */
interface Given {
  readonly option: SettingOption;
  readonly text: string;
  /** "flag --port", "environment KVORUM_PORT", "file kvorum.toml". */
  readonly source: string;
}

type GivenByName = Map<string, Given>;

/** Throws SettingsError with all that is wrong. */
export async function loadSettings(sources: SettingSources): Promise<ServeSettings> {
  const problems: string[] = [];
  const flags = fromFlags(sources.flags);
  const environment = fromEnvironment(sources.environment, problems);
  const config = flags.get("config") ?? environment.get("config");
  const file = config === undefined ? new Map() : await fromFile(config, sources.readFile, problems);
  const given = strongest([flags, environment, file], problems);
  const settings = check(given, sources.defaults, problems);
  if (settings.passwordFile !== undefined) {
    settings.password = await readSecret(given.get("password-file")!, sources.readFile, problems);
  }
  if (settings.secretFile !== undefined) {
    settings.secret = await readSecret(given.get("secret-file")!, sources.readFile, problems);
  }
  if (settings.adminTokenFile !== undefined) {
    settings.adminToken = await readSecret(given.get("admin-token-file")!, sources.readFile, problems);
  }
  if (problems.length === 0) refuseConflict(settings, given, problems);
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/** What Kvorum calls what is not one of its settings: a slip of the pen, or Redis's name. */
export function suggestSetting(name: string): SettingOption | undefined {
  const lowered = name.toLowerCase().replaceAll("_", "-");
  const near = nearest(
    lowered,
    SETTING_OPTIONS.map((option) => option.name),
  );
  return SETTING_OPTIONS.find((option) => option.redisName === lowered || option.name === near);
}

function fromFlags(flags: ReadonlyMap<string, string>): GivenByName {
  const given: GivenByName = new Map();
  for (const option of SETTING_OPTIONS) {
    const text = flags.get(option.name);
    if (text !== undefined) given.set(option.name, { option, text, source: `flag ${flagOf(option)}` });
  }
  return given;
}

function fromEnvironment(environment: SettingSources["environment"], problems: string[]): GivenByName {
  const given: GivenByName = new Map();
  const options = new Map(SETTING_OPTIONS.map((option) => [environmentNameOf(option), option]));
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("KVORUM_") || text === undefined) continue;
    const option = options.get(name);
    if (option !== undefined && !isServiceLink(text)) {
      given.set(option.name, { option, text, source: `environment ${name}` });
    } else {
      problems.push(unknownVariable(name, text));
    }
  }
  return given;
}

/** Kubernetes tells every container about every Service: one called "kvorum" gives KVORUM_PORT=tcp://... */
function isServiceLink(text: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(text);
}

function unknownVariable(name: string, text: string): string {
  if (isServiceLink(text) || /^KVORUM_(SERVICE_|PORT_\d)/.test(name)) {
    return `environment ${name} is not a setting but Kubernetes's address of a Service named kvorum; put enableServiceLinks: false in the pod`;
  }
  const suggestion = suggestSetting(name.slice("KVORUM_".length));
  const hint =
    suggestion === undefined ? "see kvorum serve --help" : `did you mean ${environmentNameOf(suggestion)}?`;
  return `environment ${name} is not a setting; ${hint}`;
}

async function fromFile(
  config: Given,
  readFile: SettingSources["readFile"],
  problems: string[],
): Promise<GivenByName> {
  const given: GivenByName = new Map();
  const source = `file ${config.text}`;
  const options = new Map(SETTING_OPTIONS.map((option) => [option.name, option]));
  for (const [name, value] of Object.entries(await readTable(config, readFile, problems))) {
    const option = options.get(name);
    if (option === undefined || name === "config") problems.push(unknownKey(name, value, source));
    else if (["string", "number", "boolean"].includes(typeof value))
      given.set(name, { option, text: String(value), source });
    else problems.push(`${name} must be a single value, but ${source} gives it a list or table`);
  }
  return given;
}

async function readTable(
  config: Given,
  readFile: SettingSources["readFile"],
  problems: string[],
): Promise<Record<string, unknown>> {
  try {
    return parseToml(await readFile(config.text));
  } catch (cause) {
    if (cause instanceof TomlError) {
      const reason = cause.message.split("\n")[0];
      problems.push(`file ${config.text}, line ${cause.line}, column ${cause.column}: ${reason}`);
    } else {
      problems.push(
        `config must be a readable file, but ${config.source} says "${config.text}": ${reasonOf(cause)}`,
      );
    }
    return {};
  }
}

function unknownKey(name: string, value: unknown, source: string): string {
  if (typeof value === "object")
    return `[${name}] in ${source} is not a setting; settings stand at the top, outside any table`;
  const suggestion = name === "config" ? undefined : suggestSetting(name);
  const hint = suggestion === undefined ? "see kvorum serve --help" : `did you mean ${suggestion.name}?`;
  return `${name} in ${source} is not a setting; ${hint}`;
}

/** Each of these and `X-file` are two ways to give one setting. */
const SECRETS = ["password", "secret", "admin-token"];

/** The value that counts, per setting. */
function strongest(strongestFirst: readonly GivenByName[], problems: string[]): GivenByName {
  const chosen: GivenByName = new Map();
  for (const given of strongestFirst) {
    const known = new Set(SECRETS.filter((name) => chosen.has(name) || chosen.has(`${name}-file`)));
    for (const name of SECRETS) {
      const direct = given.get(name);
      const file = given.get(`${name}-file`);
      if (direct === undefined || file === undefined) continue;
      problems.push(`give ${name} or ${name}-file, not both: ${direct.source} and ${file.source}`);
    }
    for (const [name, each] of given) {
      if (chosen.has(name) || known.has(name.replace(/-file$/, ""))) continue;
      chosen.set(name, each);
    }
  }
  return chosen;
}

function check(
  given: GivenByName,
  defaults: Partial<ServeSettings> | undefined,
  problems: string[],
): { -readonly [K in keyof ServeSettings]: ServeSettings[K] } {
  const settings: Record<string, unknown> = { ...SERVE_DEFAULTS, ...defaults };
  for (const { option, text, source } of given.values()) {
    const parsed = serveSettingsSchema.shape[option.key].safeParse(parseSetting(option, text));
    if (parsed.success) settings[option.key] = parsed.data;
    else problems.push(refusal({ option, text, source }, parsed.error.issues[0]!.message));
  }
  return settings as unknown as ServeSettings;
}

function refusal({ option, text, source }: Given, rule: string): string {
  const said = option.isSecret ? "is not" : `says "${text}"`;
  return `${option.name} must be ${rule}, but ${source} ${said}`;
}

/** Of `password-file` or `secret-file`. */
async function readSecret(
  { text: path, source, option }: Given,
  readFile: SettingSources["readFile"],
  problems: string[],
): Promise<string | undefined> {
  try {
    const secret = (await readFile(path)).replace(/\r?\n$/, "");
    const parsed = serveSettingsSchema.shape.password.safeParse(secret);
    if (parsed.success) return secret;
    problems.push(
      `${option.name} must hold ${parsed.error.issues[0]!.message}, but ${path} from ${source} does not`,
    );
  } catch (cause) {
    problems.push(`${option.name} must be a readable file, but ${source} says "${path}": ${reasonOf(cause)}`);
  }
  return undefined;
}

function refuseConflict(settings: ServeSettings, given: GivenByName, problems: string[]): void {
  const conflict = findConflict(settings);
  if (conflict === undefined) return;
  const { name } = SETTING_OPTIONS.find(({ key }) => key === conflict.name)!;
  const culprit = given.get(name);
  const complaint =
    culprit === undefined ? `${name} must be ${conflict.rule}` : refusal(culprit, conflict.rule);
  problems.push(`${complaint}; ${REMEDIES[conflict.name]}`);
}

/** Of settings that do not go together. */
const REMEDIES: Partial<Record<keyof ServeSettings, string>> = {
  host: "set KVORUM_PASSWORD or --password-file to let others in",
  peerHost: "set KVORUM_SECRET or --secret-file, the same for every node",
  adminHost: "set KVORUM_ADMIN_TOKEN or --admin-token-file",
  join: "add --peer-port for other nodes to reach this one",
  maxmemoryBytes: "add --storage memory for a cache, or leave it out",
};

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
