/** What the dashboard's tests ask of a page, as a person with or without eyes would meet it. */
import type { Page } from "playwright-core";

/** Contrast that the page's text must have at least; WCAG 2.2, 1.4.3. */
const CONTRAST_MIN = 4.5;

/** Elements that cannot be used by who does not see them, with the reason. */
export function unnamedElements(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const nameOf = (element: Element): string => {
      const labels = (element as HTMLInputElement).labels;
      const labelled = (element.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
      const parts = [
        element.getAttribute("aria-label") ?? "",
        ...[...(labels ?? [])].map((label) => label.textContent ?? ""),
        ...labelled.map((id) => document.getElementById(id)?.textContent ?? ""),
      ];
      return (parts.join("").trim() || element.textContent?.trim()) ?? "";
    };
    const mustHaveNames =
      "button, a, input, textarea, progress, nav, section, [role=img], [role=slider], [role=log]";
    for (const element of document.querySelectorAll(mustHaveNames)) {
      if (nameOf(element) === "") faults.push(`no name: ${element.outerHTML.slice(0, 80)}`);
    }
    for (const svg of document.querySelectorAll("svg")) {
      if (svg.closest("[aria-hidden=true]") === null)
        faults.push(`seen by eyes only: ${svg.outerHTML.slice(0, 80)}`);
    }
    for (const table of document.querySelectorAll("table")) {
      if (table.querySelector("th[scope]") === null) faults.push(`no heads: ${table.outerHTML.slice(0, 80)}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    faults.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice: #${id}`));
    return faults;
  });
}

/** Levels of headings in their order: 1, 2, 3, 3, 2. */
export function headingLevels(page: Page): Promise<readonly number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, h4")].map((heading) => Number(heading.tagName[1])),
  );
}

/** Texts that are hard to read against what is behind them. */
export function faintTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate((least) => {
    const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: number[]): number => {
      const [r, g, b] = colour.slice(0, 3).map((channel) => {
        const part = channel / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const groundOf = (element: Element | null): number[] => {
      for (let at = element; at !== null; at = at.parentElement) {
        const ground = channels(getComputedStyle(at).backgroundColor);
        if (ground.length === 3 || ground[3] === 1) return ground;
      }
      return [255, 255, 255];
    };
    const faint = new Set<string>();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      const element = text.parentElement!;
      if (text.textContent!.trim() === "" || element.getClientRects().length === 0) continue;
      if (element.closest("button:disabled, noscript, svg") !== null) continue; // WCAG spares what cannot be used
      const [a, b] = [channels(getComputedStyle(element).color), groundOf(element)].map(luminance) as [
        number,
        number,
      ];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < least) faint.add(`${contrast.toFixed(2)}: ${text.textContent!.trim().slice(0, 40)}`);
    }
    return [...faint];
  }, CONTRAST_MIN);
}

/** Whatever is wider than the room it has, where nobody can scroll to see the rest. */
export function cutOffElements(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const cut: string[] = [];
    if (document.documentElement.scrollWidth > width)
      cut.push(`the page: ${document.documentElement.scrollWidth}`);
    for (const element of document.querySelectorAll("main *, header *, footer *")) {
      if (element.closest(".for-readers, thead, .uplot, pre, .key-name, svg") !== null) continue;
      const { left, right } = element.getBoundingClientRect();
      const isOutside = right > width + 0.5 || left < -0.5;
      const isClipped = element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
      if (isOutside || isClipped)
        cut.push(`${element.tagName} ${element.className}: ${element.textContent?.slice(0, 40)}`);
    }
    return cut;
  });
}
