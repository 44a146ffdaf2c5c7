/** What `kvorum doctor` prints for people: the worst first, each with what to do. */
import { type Colour, coloured } from "../colour.ts";
import type { Finding, Severity } from "./finding.ts";

const ORDER: readonly Severity[] = ["bad", "warn", "ok"];
const MARKS: Readonly<Record<Severity, { readonly text: string; readonly colour: Colour }>> = {
  bad: { text: "BAD ", colour: "red" },
  warn: { text: "warn", colour: "yellow" },
  ok: { text: "ok  ", colour: "green" },
};

export function doctorReport(findings: readonly Finding[], isColoured: boolean): string {
  const lines = ORDER.flatMap((severity) =>
    findings
      .filter((finding) => finding.severity === severity)
      .flatMap((finding) => linesOf(finding, isColoured)),
  );
  return `${[...lines, "", verdict(findings)].join("\n")}\n`;
}

function linesOf({ severity, node, text, remedy }: Finding, isColoured: boolean): readonly string[] {
  const { text: mark, colour } = MARKS[severity];
  const line = `${coloured(mark, colour, isColoured)}  ${node === null ? "" : `${node} `}${text}`;
  return remedy === null ? [line] : [line, `      ${coloured(`-> ${remedy}`, "dim", isColoured)}`];
}

function verdict(findings: readonly Finding[]): string {
  const count = (severity: Severity): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const bad = count("bad");
  const warnings = count("warn");
  if (bad > 0) return `${bad === 1 ? "One thing is" : `${bad} things are`} to be mended.`;
  if (warnings > 0)
    return `Nothing is broken; ${warnings === 1 ? "one thing" : `${warnings} things`} to think about.`;
  return "All is well.";
}
