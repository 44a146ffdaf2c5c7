/** Whether there is room for two columns. */
import { signal } from "@preact/signals";

/** As in the style sheets. */
const narrow = matchMedia("(max-width: 900px)");

/** Changes as the window does. */
export const isNarrow = signal(narrow.matches);

narrow.addEventListener("change", () => {
  isNarrow.value = narrow.matches;
});
