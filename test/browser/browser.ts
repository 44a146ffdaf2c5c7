/** A real Chromium without a window. Where none is installed, `chromiumAbsence` says so. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const executablePath = PLACES.find((path) => existsSync(path));

/** Why there is no browser to drive; undefined if there is. */
export const chromiumAbsence: string | undefined = explainAbsence();

/** Requires: there is one. */
export function startBrowser(): Promise<Browser> {
  // Its sandbox does not work for root, nor in most containers; it is shown pages of our own only.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  return chromium.launch({ executablePath: executablePath!, args });
}

/** What a page did that a page should not do. */
export interface Misdeeds {
  /** Errors and warnings on its console, and exceptions that nobody caught. */
  readonly complaints: string[];
  /** Requests to anybody but the node that it came from. */
  readonly outsideRequests: string[];
}

export interface WatchedPage {
  readonly page: Page;
  readonly misdeeds: Misdeeds;
}

/** A page of its own: nothing is shared with others. It is prepared before anything is loaded. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = async () => undefined,
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const misdeeds: Misdeeds = { complaints: [], outsideRequests: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) misdeeds.complaints.push(message.text());
  });
  page.on("pageerror", (error) => misdeeds.complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) misdeeds.outsideRequests.push(request.url());
  });
  await prepare(page);
  await page.goto(url);
  return { page, misdeeds };
}

function explainAbsence(): string | undefined {
  if (executablePath !== undefined) return undefined;
  const reason = "chromium is not installed";
  console.warn(`the dashboard is not looked at: ${reason}`);
  return reason;
}
