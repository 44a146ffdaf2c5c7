/** What the page's colours are now: charts are painted, so they must be told when they change. */
import { signal } from "@preact/signals";

const isDark = matchMedia("(prefers-color-scheme: dark)");

/** Changes whenever the user's light or dark does. */
export const colourScheme = signal(isDark.matches ? "dark" : "light");

isDark.addEventListener("change", () => {
  colourScheme.value = isDark.matches ? "dark" : "light";
});

/** The value of a custom property of the style sheet, "--accent". */
export function colourOf(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}
