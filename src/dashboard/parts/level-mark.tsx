/** How grave something is, by shape as well as by colour. */
import type { Level } from "../api/answers.ts";

const SHAPES: Readonly<Record<Level, string>> = {
  ok: "M4.5 8.5l2.5 2.5 4.5-5.5",
  warn: "M8 5.6v4M8 12v.3",
  bad: "M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6",
};

export function LevelMark({ level }: { readonly level: Level }) {
  return (
    <svg class={`level-mark is-${level}`} viewBox="0 0 16 16" aria-hidden="true">
      {level === "warn" ? (
        <path class="level-ground" d="M8 .8l7.4 13.6H.6z" />
      ) : (
        <circle class="level-ground" cx="8" cy="8" r="7.5" />
      )}
      <path class="level-sign" d={SHAPES[level]} />
    </svg>
  );
}
