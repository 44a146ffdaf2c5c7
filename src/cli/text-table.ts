/** Columns of text as a person reads them. */

export interface Column {
  readonly head: string;
  /** Numbers: their last digits stand below each other. */
  readonly isRight?: boolean;
}

/** Lines without their ends; the first is the head. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const heads = columns.map(({ head }) => head);
  const all = [heads, ...rows];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((text, column) =>
        columns[column]!.isRight === true ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}
