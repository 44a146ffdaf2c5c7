/** The style guide, executable. Each failure names the files and the remedy. */
import { expect, test } from "vitest";
import { BANNED_NAME, BANNED_NAME_EXCEPTIONS, BANS, breaches, FILE_LINES_MAX } from "./bans.ts";
import { upwardImports } from "./floors.ts";
import { findCycle, projectFiles, readSource } from "./source-file.ts";

const paths = projectFiles();
const files = paths.filter((path) => /\.(tsx?|js)$/.test(path)).map(readSource);
const sources = files.filter((file) => file.path.startsWith("src/"));
const production = sources.filter((file) => !file.isTest);

test("there is something to look at", () => {
  expect(production.length).toBeGreaterThan(10);
  expect(production.some((file) => file.imports.length > 0)).toBe(true);
  expect(production.some((file) => file.modules.length > 0)).toBe(true);
});

test("imports run downward, and folders of one floor never meet", () => {
  expect(production.flatMap(upwardImports)).toEqual([]);
});

test("no imports run in a circle, not even inside a folder", () => {
  expect(findCycle(sources)).toBeUndefined();
});

test("every import of the project's own names a file that is there", () => {
  const known = new Set(paths);
  const lost = sources.flatMap(({ path, imports }) =>
    imports.filter((target) => !known.has(target)).map((target) => `${path} imports ${target}`),
  );
  expect(lost, "imports end in .ts").toEqual([]);
});

test("time, chance and I/O come from the runtime", () => {
  expect(sources.flatMap((file) => BANS.flatMap((ban) => breaches(file, ban)))).toEqual([]);
});

test(`no file has more than ${FILE_LINES_MAX} lines, but for tests`, () => {
  const long = production.filter((file) => file.lineCount > FILE_LINES_MAX);
  expect(
    long.map((file) => `${file.path}: ${file.lineCount}`),
    "split it",
  ).toEqual([]);
});

test("file names are kebab-case nouns that say what is in the file", () => {
  const isKebab = (path: string) => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(path.split("/").at(-1)!);
  const names = files.map((file) => file.path);
  expect(names.filter((path) => !isKebab(path))).toEqual([]);
  expect(names.filter(hasBannedName), "name the thing, not its kind").toEqual([]);
});

test("there are no barrels: import the file itself", () => {
  expect(files.map((file) => file.path).filter((path) => /(^|\/)index\.([jt]s|tsx)$/.test(path))).toEqual([]);
});

test("no test is left out or runs alone", () => {
  const leftOut =
    /\b(test|it|describe|suite|bench)(\.\w+)*\.(only|skip|todo|fails)\b|\b[fx](it|describe|test)\(/;
  expect(files.filter((file) => leftOut.test(file.code)).map((file) => file.path)).toEqual([]);
});

test("nothing is put off in a comment", () => {
  // Written so that this line is not one.
  const putOff = new RegExp(`\\b(${["TO", "DO|FIX", "ME|XX", "X|HA", "CK"].join("")})\\b`);
  const found = files.filter((file) => putOff.test(file.text));
  expect(
    found.map((file) => file.path),
    "do it, or say why not",
  ).toEqual([]);
});

test("no file tells where or how it was made", () => {
  const place = /(?<![\w.:/-])\/(work|home|root|Users)\/\w/;
  const ticket = /\b(fix(es|ed)?|close[sd]?|see|refs?|of|from) #\d+|\(#\d+\)|\b(issue|ticket|PR) #?\d+/i;
  const told = paths
    .filter((path) => path !== "package-lock.json")
    .map(readSource)
    .filter((file) => place.test(file.text) || ticket.test(file.text));
  expect(
    told.map((file) => file.path),
    "say why, not where from",
  ).toEqual([]);
});

function hasBannedName(path: string): boolean {
  const [stem] = path.split(".");
  const words = stem!.split("/").at(-1)!.split("-");
  return words.some((word) => BANNED_NAME.test(word)) && !BANNED_NAME_EXCEPTIONS.includes(stem!);
}
