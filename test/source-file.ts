/** The project's files, and what the style guide asks about them. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NOT_OURS = /^(node_modules|dist|build|data|\.git)\//;
const TEXT = /(\.(tsx?|js|css|html|json|md|txt|toml|yml|yaml)|\/run|LICENSE|\.npmrc|\.gitignore)$/;
const BESIDE_CODE = /\.(test|contract|oracle)\.ts$/;

/** Plain strings, templates, comments; what is none of them is code. */
const PARTS =
  /(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<template>`(?:[^`\\]|\\[\s\S])*`)|\/\*[\s\S]*?\*\/|(?<!\\)\/\/[^\n]*/g;
const IMPORT = /^(?:import|export)\s*(?:[^"'`;]*?\bfrom\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

export interface SourceFile {
  /** From the checkout, with "/". */
  readonly path: string;
  readonly text: string;
  /** Without comments, and without what stands in plain strings. */
  readonly code: string;
  /** Every line of the text, the last newline not counted as one. */
  readonly lineCount: number;
  /** What it imports of the project, as paths from the checkout. */
  readonly imports: readonly string[];
  /** What else it imports, by name. */
  readonly modules: readonly string[];
  /** A test, a contract or an oracle: it may do what the code beside it may not. */
  readonly isTest: boolean;
}

/** All text files of the project: those that git knows or would add, or in an unpacked archive simply all. */
export function projectFiles(): readonly string[] {
  const paths = existsSync(join(ROOT, ".git")) ? listedByGit() : found();
  return paths.filter((path) => TEXT.test(`/${path}`) && existsSync(join(ROOT, path))).sort();
}

export function readSource(path: string): SourceFile {
  return parseSource(path, readFileSync(join(ROOT, path), "utf8"));
}

export function parseSource(path: string, text: string): SourceFile {
  const code = keepParts(text, { string: '""', comment: " " });
  const specifiers = [...keepParts(text, { comment: " " }).matchAll(IMPORT)].map(
    (match) => match[1] ?? match[2]!,
  );
  const [own, foreign] = [true, false].map((isOwn) =>
    specifiers.filter((each) => each.startsWith(".") === isOwn),
  );
  return {
    path,
    text,
    code,
    lineCount: text.split("\n").length - 1,
    imports: own!.map((specifier) => posix.join(posix.dirname(path), specifier)),
    modules: foreign!,
    isTest: BESIDE_CODE.test(path),
  };
}

/** The path of a chain of imports that comes back to where it began, or undefined. */
export function findCycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const importsByPath = new Map(files.map((file) => [file.path, file.imports]));
  const settled = new Set<string>();
  const chain: string[] = [];
  const visit = (path: string): readonly string[] | undefined => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path];
    if (settled.has(path)) return undefined;
    chain.push(path);
    for (const target of importsByPath.get(path) ?? []) {
      const cycle = visit(target);
      if (cycle !== undefined) return cycle;
    }
    chain.pop();
    settled.add(path);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file.path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** The text with strings or comments replaced, where a replacement is given. */
function keepParts(
  text: string,
  replacements: { readonly string?: string; readonly comment: string },
): string {
  return text.replace(PARTS, (...match) => {
    const { string, template } = match.at(-1) as { string?: string; template?: string };
    if (string !== undefined) return replacements.string ?? string;
    return template ?? replacements.comment;
  });
}

function listedByGit(): readonly string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).split("\n");
}

function found(): readonly string[] {
  const entries = readdirSync(ROOT, { recursive: true, encoding: "utf8" });
  return entries.map((path) => path.replaceAll("\\", "/")).filter((path) => !NOT_OURS.test(path));
}
