/** What `kvorum up` says to the person who runs it. */
import type { ProgramEnd } from "../../runtime/nodejs/spawned-program.ts";
import { addressOf } from "../start-failure.ts";
import { commandText, type PlannedNode } from "./up-plan.ts";

export interface RunningNode {
  readonly node: PlannedNode;
  readonly processId: number;
}

export interface UpWords {
  /** How one calls `kvorum` here: ["kvorum"], or ["node", "bin/kvorum.js"]. */
  readonly program: readonly string[];
  readonly needsPassword: boolean;
  readonly adminHost: string;
  /** Enter starts what is missing. */
  readonly takesEnter: boolean;
}

/** What to type next. Requires: at least one node. */
export function clusterWelcome(running: readonly RunningNode[], words: UpWords): string {
  const first = running[0]!;
  const second = running[1 % running.length]!;
  const last = running.at(-1)!;
  const lines = [
    "",
    `${running.length === 1 ? "One node is" : `${running.length} nodes are`} running as one cluster; Ctrl-C stops it.`,
    "Any Redis client can talk to any node:",
    "",
    `  ${redisCli(first.node, words)} set greeting hello`,
    `  ${redisCli(second.node, words)} get greeting`,
    "",
    "See who is there:",
    "",
    `  ${commandText([...words.program, "status", ...hostFlags(first.node), "--port", `${first.node.port}`])}`,
    `  dashboard http://${addressOf(words.adminHost, first.node.adminPort)}/`,
    "",
  ];
  if (running.length >= 3) {
    lines.push(
      "Kill one, and see that nothing stops:",
      "",
      `  kill -9 ${second.processId}        # ${second.node.name}`,
      `  ${redisCli(last.node, words)} get greeting`,
      "",
    );
  }
  return [
    ...lines,
    `What they log is in ${running.map(({ node }) => node.logFile).join(", ")}.`,
    "",
    "",
  ].join("\n");
}

/** `lastWords`: what it said at its end. */
export function deathNotice(
  node: PlannedNode,
  end: ProgramEnd,
  lastWords: string | undefined,
  words: UpWords,
): string {
  const enter = words.takesEnter ? "press Enter, or in another terminal:" : "type:";
  return [
    "",
    `kvorum: ${node.name} (${addressOf(node.host, node.port)}) ${endText(end)}${lastWords === undefined ? "" : `: ${lastWords}`}`,
    `To start it again, ${enter}`,
    "",
    `  ${commandText([...words.program, ...node.args])}`,
    "",
    "",
  ].join("\n");
}

/** `lastWords`: what it said at its end. */
export function startFailureNotice(
  node: PlannedNode,
  end: ProgramEnd,
  lastWords: string | undefined,
): string {
  return `kvorum: ${node.name} did not start, so all stop: ${lastWords ?? `it ${endText(end)}; see ${node.logFile}`}\n`;
}

function endText({ exitCode, signal }: ProgramEnd): string {
  if (signal !== undefined) return `was ended by ${signal}`;
  return exitCode === 0 ? "has stopped" : `has failed (exit code ${exitCode})`;
}

function redisCli({ host, port }: PlannedNode, { needsPassword }: UpWords): string {
  const hostFlag = isHere(host) ? "" : ` -h ${host}`;
  return `redis-cli${hostFlag} -p ${port}${needsPassword ? " --askpass" : ""}`;
}

function hostFlags({ host }: PlannedNode): string[] {
  return isHere(host) ? [] : ["--host", host];
}

/** True if one need not name it: clients look there by themselves. */
function isHere(host: string): boolean {
  return ["127.0.0.1", "localhost", "0.0.0.0"].includes(host);
}
