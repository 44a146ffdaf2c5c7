/**
 * `npm run screenshots [-- MINUTES]`: three nodes under some load, one of which dies and comes back; writes the dashboard's
 * pictures into docs/. Ten minutes, if not told otherwise: then the charts are full. Needs chromium.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT, say } from "./steps/child.js";
import { compile, PACKAGE } from "./steps/compile.js";
import { buildDashboard } from "./steps/dashboard.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE), buildDashboard);
const { chromium } = await import("playwright-core");

const minutes = Number(process.argv[2] ?? 10);
const directory = mkdtempSync(join(tmpdir(), "kvorum-pictures-"));
const NAMES = ["node-1", "node-2", "node-3"];
const TICK_MS = 200;
const CONFLICT_KEY = "cart:42";
const KEYS = [
  CONFLICT_KEY,
  "session:9f31ab",
  "user:1001:profile",
  "product:tea:stock",
  "cart:77",
  "cart:113",
  "user:7:profile",
];

const places = await Promise.all(
  NAMES.map(async (name) => ({
    name,
    port: await freePort(),
    peerPort: await freePort(),
    adminPort: await freePort(),
  })),
);
const processes = new Map();
const url = `http://127.0.0.1:${places[0].adminPort}/`;
const until = (what) => sleep(what * minutes * 60_000);
let isOver = false;
try {
  await Promise.all(places.map(start));
  const load = Promise.all([places[0], places[2]].map(({ port }) => bear(port)));
  say(`nodes run; ${url} shows them, and in ${minutes} minutes there are pictures`);
  await until(0.6);
  processes.get("node-2").kill("SIGKILL");
  await sleep(8_000);
  await picture("dashboard-dark", { colorScheme: "dark" }, { fullPage: true });
  await start(places[1]);
  await until(0.4);
  await makeConflict();
  await picture("dashboard", {}, { fullPage: false });
  await picture("dashboard-light", {}, { fullPage: true }, CONFLICT_KEY);
  const phone = { viewport: { width: 390, height: 1560 }, deviceScaleFactor: 2 };
  await picture("dashboard-phone", phone, { fullPage: false });
  isOver = true;
  await load;
} finally {
  isOver = true;
  for (const child of processes.values()) child.kill("SIGTERM");
  await Promise.all([...processes.values()].map((child) => child.exitCode ?? once(child, "exit")));
  rmSync(directory, { recursive: true, force: true });
}

async function start({ name, port, peerPort, adminPort }) {
  const others = places.filter((place) => place.name !== name).map((place) => `127.0.0.1:${place.peerPort}`);
  const args = [
    "serve",
    "--port",
    port,
    "--peer-port",
    peerPort,
    "--admin-port",
    adminPort,
    "--machine",
    name,
  ];
  args.push("--join", others.join(","), "--data", join(directory, name));
  const child = spawn(process.execPath, [join(ROOT, "bin/kvorum.js"), ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  processes.set(name, child);
  await once(child.stdout, "data"); // "ready"
}

/** Asks as people's programs do: some keys far more often than others, more by day than by night. */
async function bear(port) {
  const socket = connect(port, "127.0.0.1").on("data", () => undefined);
  for (let tick = 0; !isOver; tick++) {
    const count = Math.round(60 + 25 * Math.sin(tick / 260) + 15 * Math.random());
    socket.write(Array.from({ length: count }, request).join(""));
    await sleep(TICK_MS);
  }
  socket.destroy();
}

function request() {
  const rank = Math.floor(Math.random() ** 2.5 * 40);
  const key = KEYS[rank] ?? `cart:${200 + Math.floor(Math.random() * 5_000)}`;
  const chance = Math.random();
  if (chance < 0.03) return encoded(["INCR", "visits"]);
  // The conflict of the pictures is not to be settled by chance.
  const isRead = chance < 0.75 || key === CONFLICT_KEY;
  return encoded(isRead ? ["GET", key] : ["SET", key, '{"items":["tea"],"paid":false}']);
}

/** Two tabs of one customer. */
async function makeConflict() {
  await ask(places[0].port, ["DEL", CONFLICT_KEY]);
  await Promise.all([
    ask(places[0].port, ["KV.PUT", CONFLICT_KEY, '{"items":["green tea","milk"],"paid":false}']),
    ask(places[2].port, ["KV.PUT", CONFLICT_KEY, '{"items":["black tea","milk"],"paid":false}']),
  ]);
}

async function ask(port, words) {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`,
  );
  await once(socket, "data");
  socket.destroy();
}

function encoded(words) {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

async function picture(name, options, shot, key) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector(".chart canvas");
  if (key !== undefined) {
    await page.fill("#key", key);
    await page.press("#key", "Enter");
    await page.waitForSelector(".verdict");
    await page.locator("#key").blur();
  }
  await sleep(2_500); // a few answers of the node
  await page.screenshot({ path: join(ROOT, "docs", `${name}.png`), ...shot });
  await browser.close();
  say(`docs/${name}.png`);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
