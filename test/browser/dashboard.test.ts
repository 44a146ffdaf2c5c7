/**
 * The dashboard in a real browser, before three real nodes: one is killed and comes back, a conflict is made and settled by
 * clicking and by keys, the node that serves the page dies, a fourth joins and leaves. One story, in this order.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../bench/peers/free-port.ts";
import { ROOT } from "../source-file.ts";
import { RealCluster, type RealNode } from "../support/cluster/real-cluster.ts";
import { until } from "../support/cluster/until.ts";
import { RawClient } from "../support/raw-client.ts";
import { RunningKvorum } from "../support/running-kvorum.ts";
import { chromiumAbsence, openPage, startBrowser, type WatchedPage } from "./browser.ts";
import { cutOffElements, faintTexts, headingLevels, unnamedElements } from "./page-reading.ts";

const FILES = join(ROOT, "dist/dashboard");
/** What is promised of everything that a browser must fetch. */
const ZIPPED_BYTES_MAX = 100 * 1024;
/** After the node has noticed. */
const FOLLOWS_WITHIN_MS = 2_000;
/** So that a move takes a while. */
const MOVED_KEYS = 300;
const MOVED_VALUE_BYTES = 2_000;
/** On a machine that does much else. */
const MOVE_MS = 120_000;

test(`all files together are below ${ZIPPED_BYTES_MAX} bytes, zipped, and name no other host`, () => {
  const names = readdirSync(FILES, { recursive: true, encoding: "utf8" });
  const files = names.map((name) => join(FILES, name)).filter((path) => statSync(path).isFile());
  const texts = files.map((path) => readFileSync(path));
  expect(texts.length).toBeGreaterThan(2);
  const zippedBytes = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(zippedBytes).toBeLessThan(ZIPPED_BYTES_MAX);
  const hosts = texts.flatMap((text) => text.toString().match(/\bhttps?:\/\/[\w.-]+/g) ?? []);
  // Names of XML languages, which nobody fetches.
  expect(hosts.filter((host) => !host.endsWith("//www.w3.org"))).toEqual([]);
});

describe.skipIf(chromiumAbsence !== undefined)("in Chromium", () => {
  const adminPorts: number[] = [];
  let cluster: RealCluster;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  const [node1, node2] = [(): RealNode => cluster.nodes[0]!, (): RealNode => cluster.nodes[1]!];

  beforeAll(async () => {
    for (let i = 0; i < 3; i++) adminPorts.push(await freePort());
    [cluster, browser] = await Promise.all([
      RealCluster.start(3, { optionsOf: adminPorts.map((port) => ["--admin-port", `${port}`]) }),
      startBrowser(),
    ]);
    watched = await openPage(browser, `http://127.0.0.1:${adminPorts[0]}/`);
    page = watched.page;
    await page.waitForSelector(".ring-picture");
  });

  afterAll(async () => {
    await browser?.close();
    await cluster?.close();
  });

  const sentence = () => page.textContent(".health-sentence");
  const row = (name: string) => page.locator(`.nodes-table tr[data-node="${name}"]`);

  test("says in a sentence how the cluster is, and draws it", async () => {
    expect(await sentence()).toContain("All 3 nodes are up");
    expect(await page.locator(".bands path").count()).toBe(9); // three nodes in three bands
    expect(await page.textContent(".ring-centre")).toContain("48 tokens");
    expect(await page.locator(".nodes-table tbody tr").count()).toBe(3);
    await expect.poll(() => page.textContent(".link-state")).toBe("live");
  });

  test("follows a load with its charts, which are full at once", async () => {
    const client = await RawClient.connect(node1().port);
    const calls = Array.from({ length: 200 }, (_, i) => ["SET", `k${i % 20}`, "v"]);
    await client.send(calls);
    const isShown = () =>
      page.evaluate(() => {
        const plot = document.querySelector('[data-chart="throughput"] .plot')!;
        const most = /at most ([\d.,k]+)/.exec(plot.getAttribute("aria-label") ?? "");
        return most !== null && most[1] !== "0" && plot.querySelector("canvas") !== null;
      });
    await expect.poll(isShown, { timeout: 5_000 }).toBe(true);
    client.close();
    const before = await page.getAttribute('[data-chart="cpu"] .plot', "aria-label");
    await page.reload();
    await page.waitForSelector('[data-chart="cpu"] canvas');
    expect(await page.getAttribute('[data-chart="throughput"] .plot', "aria-label")).toMatch(/at most [^0]/);
    expect(before).toContain("event loop now");
  });

  test("shows the death of a node as soon as its own node knows of it, and its return", {
    timeout: 60_000,
  }, async () => {
    await node2().kill();
    await until("node-1 knows", async () => (await node1().status()).members.some(({ up }) => !up));
    await expect.poll(sentence, { timeout: FOLLOWS_WITHIN_MS }).toContain("node-2 is down");
    expect(await row("node-2").textContent()).toContain("down");
    expect(await page.locator(".bands .is-down").count()).toBeGreaterThan(0);
    await expect.poll(() => page.textContent(".events"), { timeout: FOLLOWS_WITHIN_MS }).toContain("node-2");
    await cluster.start(node2());
    await until("node-1 knows", async () => (await node1().status()).members.every(({ up }) => up));
    await expect.poll(sentence, { timeout: FOLLOWS_WITHIN_MS }).toContain("All 3 nodes are up");
    expect(await page.locator(".bands .is-down").count()).toBe(0);
    await expect.poll(() => page.locator('.events [data-kind="node-up"]').count()).toBeGreaterThan(0);
  });

  async function makeConflict(key: string): Promise<void> {
    const clients = await Promise.all([node1(), node2()].map(({ port }) => RawClient.connect(port)));
    await clients[0]!.call("KV.PUT", key, "tea, green");
    await clients[1]!.call("KV.PUT", key, "tea, black");
    for (const client of clients) client.close();
  }

  async function valuesOf(key: string): Promise<string> {
    const client = await RawClient.connect(node2().port);
    const reply = await client.call("KV.GET", key);
    client.close();
    return reply.toString();
  }

  async function lookUp(key: string): Promise<void> {
    await page.fill("#key", key);
    await page.press("#key", "Enter");
    await page.waitForSelector(".verdict");
  }

  test("shows where a key lives, on the ring too", async () => {
    await makeConflict("drink");
    await lookUp("drink");
    expect(await page.locator(".walk .stop").count()).toBe(3);
    const list = await page.locator("ol.preference-list li").allTextContents();
    expect([...list].sort()).toEqual(["node-1", "node-2", "node-3"]);
    expect(await page.locator(".replica-table tbody tr").count()).toBe(3);
    expect(await page.textContent(".ring-centre")).toContain("slot");
  });

  test("shows a conflict side by side, and settles it by a choice", async () => {
    const marks = await page.locator(".sibling-value mark").allTextContents();
    expect([...marks].sort()).toEqual(["black", "green"]);
    expect(await page.locator(".clock .is-own").count()).toBe(2);
    const isFirst = (await page.locator(".sibling-value").first().textContent())!.includes("green");
    await page.getByRole("button", { name: isFirst ? "Use A" : "Use B", exact: true }).click();
    await page.getByRole("button", { name: /^Replace both/ }).click();
    await page.waitForSelector(".resolved");
    expect(await page.locator(".sibling").count()).toBe(1);
    const values = await valuesOf("drink");
    expect(values).toContain("tea, green");
    expect(values).not.toContain("black");
  });

  test("settles a conflict by what somebody made of both", async () => {
    await makeConflict("cup");
    await lookUp("cup");
    await page.fill("#draft", "tea, green and black");
    await page.getByRole("button", { name: "Replace both by this value" }).click();
    await page.waitForSelector(".resolved");
    expect(await valuesOf("cup")).toContain("tea, green and black");
  });

  test("settles a conflict by keys alone, and leaves who did it where they were", async () => {
    await makeConflict("plate");
    await page.locator(".skip-link").focus();
    const tabTo = async (selector: string): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
      }
      throw new Error(`no key leads to ${selector}`);
    };
    await tabTo("#key");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("plate");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".sibling button");
    await tabTo(".sibling button");
    await page.keyboard.press("Space");
    const chosen = await page.inputValue("#draft");
    expect(["tea, green", "tea, black"]).toContain(chosen);
    await tabTo("#draft");
    await page.keyboard.press("End");
    await page.keyboard.type(" with milk");
    await tabTo(".resolve-form button");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".resolved");
    expect(await valuesOf("plate")).toContain(`${chosen} with milk`);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("resolved");
  });

  test("a key that is nowhere is said to be so", async () => {
    await lookUp("nothing:here");
    await expect.poll(() => page.textContent(".verdict")).toContain("No replica has this key.");
  });

  test("can be used without eyes or pointer", async () => {
    await makeConflict("drink");
    await lookUp("drink");
    await page.waitForSelector(".resolve-form");
    expect(await unnamedElements(page)).toEqual([]);
    const levels = await headingLevels(page);
    expect(levels[0]).toBe(1);
    expect(levels.every((level, i) => i === 0 || level <= levels[i - 1]! + 1)).toBe(true);
    for (const landmark of ["banner", "navigation", "main", "contentinfo", "search"] as const) {
      expect(await page.getByRole(landmark).count(), landmark).toBe(1);
    }
    expect(await page.getByRole("status").first().textContent()).toContain("All 3 nodes are up");
    await page.locator(".skip-link").focus();
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  });

  test("the ring is walked by arrow keys, and tells where one is", async () => {
    const ring = page.getByRole("slider");
    await ring.focus();
    await page.keyboard.press("Home");
    const first = await ring.getAttribute("aria-valuetext");
    expect(first).toMatch(/^slots 0 to [\d,]+, kept by node-\d, node-\d, node-\d$/);
    await page.keyboard.press("ArrowRight");
    expect(await ring.getAttribute("aria-valuetext")).not.toBe(first);
    expect(await page.textContent(".ring-centre")).toContain("slots");
    await page.keyboard.press("Escape");
    await ring.blur();
  });

  test("nothing is cut off, wide or narrow; text is legible, light or dark", async () => {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      // Charts are drawn anew once the page has its new width.
      await expect.poll(() => cutOffElements(page), { message: `${width} wide` }).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await faintTexts(page), colorScheme).toEqual([]);
    }
  });

  test("who wants no motion sees none", async () => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    const moving = await page.evaluate(() => document.getAnimations().length);
    expect(moving).toBe(0);
    expect(
      await page.evaluate(() => getComputedStyle(document.querySelector("main")!).transitionDuration),
    ).toBe("0s");
  });

  test("all the while it has complained of nothing, and asked nobody else", () => {
    expect(watched.misdeeds).toEqual({ complaints: [], outsideRequests: [] });
  });

  test("when its own node dies, says so, and goes on when it is back", { timeout: 60_000 }, async () => {
    await node1().kill();
    await expect.poll(() => page.textContent(".link-state"), { timeout: 5_000 }).toBe("stale");
    expect(await page.getByRole("alert").textContent()).toContain("has not answered since");
    expect(await page.locator(".notice-link").count()).toBe(2);
    await cluster.start(node1());
    await expect.poll(() => page.textContent(".link-state"), { timeout: 10_000 }).toBe("live");
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("asks for a token where the node wants one, and takes no other", async () => {
    const adminPort = await freePort();
    const guarded = new RunningKvorum(
      ["serve", "--port", `${await freePort()}`, "--admin-port", `${adminPort}`, "--storage", "memory"],
      { environment: { KVORUM_ADMIN_TOKEN: "open sesame" } },
    );
    await guarded.ready();
    const { page: locked } = await openPage(browser, `http://127.0.0.1:${adminPort}/`);
    await locked.getByLabel("Admin token").fill("wrong");
    await locked.keyboard.press("Enter");
    await expect.poll(() => locked.getByRole("alert").textContent()).toContain("does not take that token");
    expect(await locked.locator("#main").count()).toBe(0);
    await locked.getByLabel("Admin token").fill("open sesame");
    await locked.keyboard.press("Enter");
    await locked.waitForSelector(".ring-picture");
    await expect.poll(() => locked.textContent(".link-state")).toBe("live"); // events need it, too
    await locked.context().close();
    guarded.signal("SIGTERM");
    await guarded.end();
  });

  test("follows a node that joins, and one that leaves: slots on their way, then the newcomer's part", {
    timeout: 240_000,
  }, async () => {
    const writer = await RawClient.connect(node1().port);
    for (let i = 0; i < MOVED_KEYS; i++)
      await writer.call("SET", `moved:${i}`, "v".repeat(MOVED_VALUE_BYTES));
    writer.close();
    await noteMoves(page);
    const newcomer = await cluster.add();
    await until("node-1 knows of the move", async () => (await node1().status()).move !== null, MOVE_MS);
    await nextAnswer();
    const noted = async (): Promise<string> => JSON.stringify(await notedMoves(page));
    await expect.poll(noted, { timeout: FOLLOWS_WITHIN_MS }).toMatch(/node-4 is joining.*"arcs":[1-9]/);
    await until("node-1 has counted it in", () => hasSettled(4), MOVE_MS);
    await nextAnswer();
    await expect.poll(sentence, { timeout: FOLLOWS_WITHIN_MS }).toContain("All 4 nodes are up");
    expect(await page.locator(".nodes-table tbody tr").count()).toBe(4);
    await expect.poll(() => page.locator(".bands path").count(), { timeout: FOLLOWS_WITHIN_MS }).toBe(12);
    expect(await row("node-4").textContent()).toMatch(/2\d\.\d%/);
    expect(await page.locator(".moving path, .move").count()).toBe(0);

    const { self } = await newcomer.status();
    const asker = await RawClient.connect(node1().port);
    expect(String(await asker.call("KV.MEMBER", "LEAVE", self))).toBe("+OK\r\n");
    asker.close();
    await until("node-1 counts three again", () => hasSettled(3), MOVE_MS);
    await nextAnswer();
    const parts = async () => [
      await page.locator(".bands path").count(),
      await page.locator(".nodes-table tbody tr").count(),
    ];
    await expect.poll(parts, { timeout: FOLLOWS_WITHIN_MS }).toEqual([9, 3]);
    await cluster.part(newcomer);
  });

  /** The page asks each second; on a busy machine that may take a while, which is not the page's fault. */
  const nextAnswer = () =>
    page.waitForResponse((response) => response.url().endsWith("/api/status"), { timeout: MOVE_MS });

  async function hasSettled(memberCount: number): Promise<boolean> {
    const { members, move } = await node1().status();
    const isCountedIn = members.every(({ state }) => state === "member");
    return move === null && members.length === memberCount && isCountedIn;
  }
});

/** Has the page note what it shows of slots on their way, however short that is to be seen. */
function noteMoves(page: Page): Promise<void> {
  return page.evaluate(() => {
    const noted = { texts: [] as string[], arcs: 0 };
    Object.assign(window, { noted });
    const look = (): void => {
      const text = document.querySelector(".move")?.textContent;
      if (text != null) noted.texts.push(text);
      noted.arcs = Math.max(noted.arcs, document.querySelectorAll(".moving path").length);
    };
    new MutationObserver(look).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  });
}

function notedMoves(page: Page): Promise<{ readonly texts: readonly string[]; readonly arcs: number }> {
  return page.evaluate(() => Reflect.get(window, "noted"));
}
