/** What `kvorum doctor` has found: one thing that was looked at. */

/** "bad" is to be mended now; "warn" before it hurts. */
export type Severity = "ok" | "warn" | "bad";

export interface Finding {
  readonly severity: Severity;
  /** "host:port"; null if it concerns the cluster. */
  readonly node: string | null;
  readonly text: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

export const fine = (text: string, node: string | null = null): Finding => ({
  ...{ severity: "ok", node, text },
  remedy: null,
});

/** Something that is not as it should be. */
export function trouble(
  severity: "warn" | "bad",
  node: string | null,
  text: string,
  remedy: string,
): Finding {
  return { severity, node, text, remedy };
}
