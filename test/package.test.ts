/** The package as npm would publish it: what is in it, and that it works away from its checkout. */
import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../src/node/version.ts";
import { ROOT } from "./source-file.ts";

const run = promisify(execFile);
const manifest = readJson("package.json");
const lockfile = readJson("package-lock.json");

let directory: string;
let packed: readonly string[];

/** Packs, and unpacks where a program that depends on Kvorum would find it. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-package-"));
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", directory];
  const { stdout } = await run("npm", args, { cwd: ROOT });
  const [{ filename, files }] = JSON.parse(stdout);
  packed = files.map((file: { path: string }) => file.path);
  const modules = join(directory, "node_modules");
  mkdirSync(join(modules, "kvorum"), { recursive: true });
  await run("tar", [
    "-xzf",
    join(directory, filename),
    "-C",
    join(modules, "kvorum"),
    "--strip-components=1",
  ]);
  for (const name of installedForUsers()) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("holds the program, its types, its documentation, and nothing else", () => {
  const tops = new Set(packed.map((path) => path.split("/")[0]!));
  for (const needed of ["bin", "dist", "LICENSE", "package.json"]) expect(tops).toContain(needed);
  const allowed = /^(bin|dist|docs)\/|^(LICENSE|README\.md|package\.json)$/;
  expect(packed).toContain("dist/dashboard/index.html");
  const leftover = /\.(test|contract|oracle)\.|(?<!\.d)\.ts$|\/\./;
  expect(packed.filter((path) => !allowed.test(path) || leftover.test(path))).toEqual([]);
});

test("gives a program a node of its own", async () => {
  const script = `
    import { DEFAULT_SETTINGS, openNode, StoreError } from "kvorum";
    import "kvorum/client";
    const node = await openNode({ port: 0 });
    await node.close();
    await node.closed;
    const refusal = await openNode({ port: -1 }).catch((error) => error);
    console.log(JSON.stringify([node.host, refusal instanceof StoreError, refusal.code, DEFAULT_SETTINGS.port]));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: directory,
  });
  expect(JSON.parse(stdout)).toEqual(["127.0.0.1", true, "INVALID_SETTING", 6379]);
});

test("gives a program a store of its own, whose tables are written on other threads", async () => {
  const script = `
    import { openStore } from "kvorum";
    const store = await openStore("./store", { memtableBytes: 64 * 1024 });
    for (let i = 0; i < 40; i++) {
      const rows = Array.from({ length: 50 }, (_, j) => ({ type: "put", key: i + ":" + j, value: "x".repeat(99) }));
      await store.batch(rows);
    }
    await store.close();
    const again = await openStore("./store");
    const { length } = await again.keys().all();
    console.log(JSON.stringify([length, again.getSync("7:7").length]));
    await again.close();
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: directory,
  });
  expect(JSON.parse(stdout)).toEqual([2000, 99]);
  expect(readdirSync(join(directory, "store/tables")).length).toBeGreaterThan(0);
});

test("tells a program its types", async () => {
  const program = `
    import { type NodeSettings, openNode, type RunningServer, StoreError } from "kvorum";
    import type {} from "kvorum/client";
    const settings: Partial<NodeSettings> = { evictionPolicy: "allkeys-lru" };
    const node: RunningServer = await openNode(settings);
    const port: number = node.port;
    // @ts-expect-error: there is no such policy
    await openNode({ evictionPolicy: "lru" });
    console.log(port, new StoreError("IO", "unknown", "x").outcome satisfies "not-applied" | "unknown");
  `;
  writeFileSync(join(directory, "program.mts"), program);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
  symlinkSync(join(ROOT, "node_modules/@types"), join(directory, "node_modules/@types"));
  const outcome = await run(process.execPath, [tsc, ...options, "program.mts"], { cwd: directory }).catch(
    (error) => error,
  );
  expect(outcome.stdout).toBe("");
});

test("brings the command, which knows its version", async () => {
  const command = join(directory, "node_modules/kvorum", manifest.bin.kvorum);
  const { stdout } = await run(command, ["--version"], { cwd: directory });
  expect(stdout).toBe(`${VERSION}\n`);
  expect(manifest.version).toBe(VERSION);
});

test("pins what it depends on, and none of it compiles or downloads when installed", () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies }) as string[];
  expect(versions.filter((version) => !/^(npm:\S+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  const packages = Object.entries(lockfile.packages) as [
    string,
    { hasInstallScript?: boolean; dev?: boolean },
  ][];
  const withScripts = packages.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev);
  expect(withScripts.map(([path]) => path)).toEqual([]);
});

test("every file that it names is there", () => {
  const scripts = Object.values(manifest.scripts as Record<string, string>);
  const named = scripts.flatMap((script) => /\bscripts\/[\w-]+\.js/.exec(script) ?? []);
  expect(named.length).toBeGreaterThan(3);
  const present = readdirSync(join(ROOT, "scripts")).map((name) => `scripts/${name}`);
  expect(named.filter((path) => !present.includes(path))).toEqual([]);
});

/** Names of the packages that `npm install kvorum` would bring, those of scopes as one. */
function installedForUsers(): readonly string[] {
  const packages = Object.entries(lockfile.packages) as [string, { dev?: boolean; optional?: boolean }][];
  const paths = packages
    .filter(([path, { dev, optional }]) => path !== "" && !dev && !optional)
    .map(([path]) => path);
  return [...new Set(paths.map((path) => path.split("/")[1]!))];
}

function readJson(name: string) {
  return JSON.parse(readFileSync(join(ROOT, name), "utf8"));
}
