import { expect, test } from "vitest";
import { SERVE_DEFAULTS } from "./serve-settings.ts";
import { loadSettings, SettingsError } from "./settings-loader.ts";

interface Given {
  readonly flags?: Record<string, string>;
  readonly environment?: Record<string, string>;
  /** Contents by path. */
  readonly files?: Record<string, string>;
}

function load({ flags = {}, environment = {}, files = {} }: Given) {
  return loadSettings({
    flags: new Map(Object.entries(flags)),
    environment,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw new Error("there is no such file");
      return text;
    },
  });
}

/** What is wrong, one problem a line. */
async function problems(given: Given): Promise<readonly string[]> {
  const outcome = await load(given).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(SettingsError);
  return (outcome as SettingsError).problems;
}

const PORT_RULE = "a whole number from 0 to 65535 (0 takes any free port)";

test("nothing given: the defaults", async () => {
  expect(await load({ environment: { PATH: "/bin" } })).toEqual(SERVE_DEFAULTS);
});

test("a flag beats the environment, which beats the file, which beats the default", async () => {
  const files = { "k.toml": 'port = 1\nmax-clients = 1\nblock-cache = "1gb"\n' };
  const environment = { KVORUM_PORT: "2", KVORUM_MAX_CLIENTS: "2" };
  const settings = await load({ flags: { port: "3", config: "k.toml" }, environment, files });
  expect(settings).toEqual({
    ...SERVE_DEFAULTS,
    configFile: "k.toml",
    port: 3,
    maxClients: 2,
    blockCacheBytes: 1024 ** 3,
  });
});

test("every setting can be given in the file, in its own unit", async () => {
  const file = `
    host = "::1"
    port = 7000
    port-search = true
    password = "secret"
    data = "/var/lib/kvorum"
    storage = "memory"
    memtable = "2mb"
    block-cache = "5mb"
    scrub-rate = "2mb"
    disk-timeout = "3s"
    recover = true
    fsync = "always"
    maxmemory = 1048576
    eviction = "allkeys-lfu"
    max-clients = 9
    idle-timeout = "5m"
    max-value = "1mb"
    output-buffer = "2mb"
    client-memory = "3mb"
    slowlog-threshold = "500us"
    slowlog-length = 7
    trace-endpoint = "http://collector:4318/v1/traces"
    trace-sample = 0.25
    metrics = "off"
    log-level = "debug"
    log-format = "text"
    peer-port = 17000
    peer-host = "::1"
    peer-announce = "west.example:17000"
    join = "b:17000,[::1]:17001"
    replace = "0123456789abcdef"
    move-rate = "20mb"
    dc = "north"
    rack = "r2"
    machine = "m3"
    weight = 2
    secret = "tell nobody"
    admin-port = "off"
    admin-host = "::1"
    admin-token = "sesame"
  `;
  expect(await load({ environment: { KVORUM_CONFIG: "f" }, files: { f: file } })).toEqual({
    host: "::1",
    port: 7000,
    portSearch: true,
    peerPort: 17000,
    peerHost: "::1",
    peerAnnounce: "west.example:17000",
    join: "b:17000,[::1]:17001",
    replaces: "0123456789abcdef",
    moveBytesPerSecond: 20 * 1024 * 1024,
    datacenter: "north",
    rack: "r2",
    machine: "m3",
    weight: 2,
    secret: "tell nobody",
    secretFile: undefined,
    adminPort: "off",
    adminHost: "::1",
    adminToken: "sesame",
    adminTokenFile: undefined,
    traceEndpoint: "http://collector:4318/v1/traces",
    traceSample: 0.25,
    metrics: "off",
    password: "secret",
    passwordFile: undefined,
    configFile: "f",
    dataDirectory: "/var/lib/kvorum",
    storage: "memory",
    fsync: "always",
    memtableBytes: 2 * 1024 ** 2,
    scrubBytesPerSecond: 2 * 1024 * 1024,
    diskTimeoutMs: 3_000,
    blockCacheBytes: 5 * 1024 ** 2,
    recover: true,
    maxmemoryBytes: 1024 ** 2,
    evictionPolicy: "allkeys-lfu",
    maxClients: 9,
    idleTimeoutMs: 300_000,
    valueBytesMax: 1024 ** 2,
    outputBufferBytesMax: 2 * 1024 ** 2,
    clientMemoryBytesMax: 3 * 1024 ** 2,
    slowlogThresholdMicros: 500,
    slowlogLength: 7,
    databases: 16,
    logLevel: "debug",
    logFormat: "text",
  });
});

test("the admin door's port is a number or off, its token may be in a file, and strangers need one", async () => {
  expect((await load({ flags: { "admin-port": "8001" } })).adminPort).toBe(8001);
  const files = { t: "sesame\n" };
  const flags = { "admin-host": "0.0.0.0", "admin-token-file": "t" };
  expect(await load({ flags, files })).toMatchObject({ adminHost: "0.0.0.0", adminToken: "sesame" });
  expect(await problems({ flags: { "admin-port": "on" } })).toEqual([
    'admin-port must be a whole number from 0 to 65535 (0 takes any free port), or off, but flag --admin-port says "on"',
  ]);
  expect(await problems({ flags: { "admin-host": "0.0.0.0" } })).toEqual([
    expect.stringMatching(
      /^admin-host must be a loopback address .*; set KVORUM_ADMIN_TOKEN or --admin-token-file$/,
    ),
  ]);
});

test("off turns the slow log off", async () => {
  expect((await load({ flags: { "slowlog-threshold": "off" } })).slowlogThresholdMicros).toBe(-1);
});

test("each refusal names the setting, the rule, the source and what it says", async () => {
  expect(await problems({ flags: { port: "70000" } })).toEqual([
    `port must be ${PORT_RULE}, but flag --port says "70000"`,
  ]);
  expect(await problems({ environment: { KVORUM_PORT: "" } })).toEqual([
    `port must be ${PORT_RULE}, but environment KVORUM_PORT says ""`,
  ]);
  expect(await problems({ flags: { config: "k.toml" }, files: { "k.toml": "port = 1.5" } })).toEqual([
    `port must be ${PORT_RULE}, but file k.toml says "1.5"`,
  ]);
});

test.each([
  ["maxmemory", "lots", "a size such as 256mb or 4gb (0 for no limit)"],
  ["idle-timeout", "30", "a duration such as 30s or 5m (0 for never)"],
  ["idle-timeout", "1us", "a duration such as 30s or 5m (0 for never)"],
  ["slowlog-threshold", "-1", "a duration such as 10ms or 500us (0 keeps every command), or off"],
  ["port-search", "maybe", "true or false"],
  ["storage", "tape", "one of memory, disk"],
  ["memtable", "1kb", "a size from 1mb to 1gb"],
  ["fsync", "sometimes", "one of always, everysec, no"],
  ["log-level", "loud", "one of debug, info, warn, error, silent"],
  ["log-format", "xml", "one of auto, json, text"],
  ["host", "localhost:6379", "an address or a host name, without brackets or a port"],
  ["data", "", "a directory"],
])("%s does not take %j", async (name, text, rule) => {
  expect(await problems({ flags: { [name]: text } })).toEqual([
    `${name} must be ${rule}, but flag --${name} says "${text}"`,
  ]);
});

test("all problems are told at once", async () => {
  const given = { flags: { port: "x" }, environment: { KVORUM_FSYNC: "x", KVORUM_PROT: "1" } };
  expect(await problems(given)).toHaveLength(3);
});

test("a bad value that something stronger overrides does no harm", async () => {
  expect((await load({ flags: { port: "1" }, environment: { KVORUM_PORT: "x" } })).port).toBe(1);
});

test.each([
  ["KVORUM_PROT", "did you mean KVORUM_PORT?"],
  ["KVORUM_REQUIREPASS", "did you mean KVORUM_PASSWORD?"],
  ["KVORUM_MAXMEMORY_POLICY", "did you mean KVORUM_EVICTION?"],
  ["KVORUM_VERBOSITY", "see kvorum serve --help"],
])("the unknown variable %s is refused: %s", async (name, hint) => {
  expect(await problems({ environment: { [name]: "1" } })).toEqual([
    `environment ${name} is not a setting; ${hint}`,
  ]);
});

test.each([
  ["KVORUM_PORT", "tcp://10.0.0.1:6379"],
  ["KVORUM_SERVICE_HOST", "10.0.0.1"],
  ["KVORUM_PORT_6379_TCP_PROTO", "tcp"],
])("%s=%s is known for Kubernetes's doing", async (name, text) => {
  const [problem] = await problems({ environment: { [name]: text } });
  expect(problem).toContain(`environment ${name} is not a setting`);
  expect(problem).toContain("enableServiceLinks: false");
});

test.each([
  ["prot = 1", "prot in file k.toml is not a setting; did you mean port?"],
  ["bind = 'x'", "bind in file k.toml is not a setting; did you mean host?"],
  ["verbosity = 1", "verbosity in file k.toml is not a setting; see kvorum serve --help"],
  ["config = 'x'", "config in file k.toml is not a setting; see kvorum serve --help"],
  [
    "[network]\nport = 1",
    "[network] in file k.toml is not a setting; settings stand at the top, outside any table",
  ],
  ["port = [1, 2]", "port must be a single value, but file k.toml gives it a list or table"],
  [
    "max-clients = 1979-05-27",
    "max-clients must be a single value, but file k.toml gives it a list or table",
  ],
])("the file %j is refused", async (text, message) => {
  expect(await problems({ flags: { config: "k.toml" }, files: { "k.toml": text } })).toEqual([message]);
});

test("a slip in the file's syntax is told with its place", async () => {
  const [problem] = await problems({
    flags: { config: "k.toml" },
    files: { "k.toml": 'port = 1\nhost = "open\n' },
  });
  expect(problem).toMatch(/^file k\.toml, line 2, column \d+: \S/);
});

test("a file that cannot be read is told with who asked for it", async () => {
  expect(await problems({ environment: { KVORUM_CONFIG: "none.toml" } })).toEqual([
    'config must be a readable file, but environment KVORUM_CONFIG says "none.toml": there is no such file',
  ]);
});

test("the password may stand in a file of its own, with or without a newline at its end", async () => {
  const files = { unix: "a secret\n", dos: "a secret\r\n", bare: "a secret" };
  for (const path of Object.keys(files)) {
    const settings = await load({ flags: { "password-file": path }, files });
    expect(settings.password).toBe("a secret");
  }
});

test.each([
  ["empty", "password-file must hold 1 to 1024 characters, but empty from flag --password-file does not"],
  [
    "none",
    'password-file must be a readable file, but flag --password-file says "none": there is no such file',
  ],
])("a password file that is of no use is refused: %s", async (path, message) => {
  expect(await problems({ flags: { "password-file": path }, files: { empty: "\n" } })).toEqual([message]);
});

test("a password and a password file are rivals: the stronger source wins, two of one source are an error", async () => {
  const files = { f: "from file" };
  const strong = await load({
    flags: { "password-file": "f" },
    environment: { KVORUM_PASSWORD: "weak" },
    files,
  });
  expect(strong.password).toBe("from file");
  const direct = await load({ flags: { password: "x" }, environment: { KVORUM_PASSWORD_FILE: "f" }, files });
  expect(direct.password).toBe("x");
  expect(await problems({ flags: { password: "x", "password-file": "f" }, files })).toEqual([
    "give password or password-file, not both: flag --password and flag --password-file",
  ]);
});

test("a refused password is not shown", async () => {
  const secret = "s".repeat(2000);
  const [problem] = await problems({ flags: { password: secret } });
  expect(problem).toBe("password must be 1 to 1024 characters, but flag --password is not");
});

test("others may not be let in without a password", async () => {
  const rule = "host must be a loopback address (127.0.0.1, ::1, localhost) unless a password is set";
  const [problem] = await problems({ flags: { host: "0.0.0.0" } });
  expect(problem).toContain(
    `${rule}, since anybody may connect, but flag --host says "0.0.0.0"; set KVORUM_PASSWORD`,
  );
  expect((await load({ flags: { host: "0.0.0.0", password: "x" } })).host).toBe("0.0.0.0");
});

test("a memory limit for what is on disk is refused, with what to do", async () => {
  expect(await problems({ flags: { maxmemory: "1gb" } })).toEqual([
    'maxmemory must be 0 with storage disk, where the disk alone is the limit, but flag --maxmemory says "1gb"; add --storage memory for a cache, or leave it out',
  ]);
  const { maxmemoryBytes } = await load({ flags: { maxmemory: "1gb", storage: "memory" } });
  expect(maxmemoryBytes).toBe(1024 ** 3);
});

test("a cluster's settings that do not go together are refused, with what to do", async () => {
  const of = (flags: Record<string, string>) => problems({ flags });
  expect(await of({ join: "a:1" })).toEqual([
    'join must be left out unless there is a peer port, but flag --join says "a:1"; add --peer-port for other nodes to reach this one',
  ]);
  expect(await of({ "peer-port": "1", join: "a" })).toEqual([
    'join must be a list of addresses HOST:PORT with commas between them, but flag --join says "a"',
  ]);
  expect(await of({ "peer-port": "1", "peer-host": "10.0.0.1" })).toEqual([
    'peer-host must be a loopback address (127.0.0.1, ::1, localhost) unless a secret is set, since anybody may connect, but flag --peer-host says "10.0.0.1"; set KVORUM_SECRET or --secret-file, the same for every node',
  ]);
  expect(await of({ "peer-port": "1", "peer-host": "0.0.0.0", secret: "x" })).toEqual([
    'peer-host must be one address of this machine, since other nodes are told of it, but flag --peer-host says "0.0.0.0"; set KVORUM_SECRET or --secret-file, the same for every node',
  ]);
  const flags = { "peer-port": "1", "peer-host": "10.0.0.1", "secret-file": "s", join: "b:1, c:2" };
  expect(await load({ flags, files: { s: "tell nobody\n" } })).toMatchObject({
    peerPort: 1,
    secret: "tell nobody",
  });
});
