// Pages in a real browser, and what is held of each of them.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SCREENSHOTS = process.env.SCREENSHOTS;
const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"];

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}

/** A person with a browser of their own. Whatever a page complains of, or asks of another origin, fails the test. */
export async function person(browser, url, options = {}) {
  // Without transitions: what is looked at halfway from light to dark is neither.
  const context = await browser.newContext({ baseURL: url, reducedMotion: "reduce", ...options });
  const complaints = [];
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.page()?.url()}: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("request", (request) => {
    const target = new URL(request.url());
    const inside = target.origin === url || ["data:", "blob:"].includes(target.protocol);
    if (!inside && !options.leaves?.includes(target.origin)) complaints.push(`left for ${target.origin}`);
  });
  const page = await context.newPage();
  return {
    page,
    context,
    /** Holds that nothing was complained of so far, apart from what is expected. */
    content(expected = /^$/) {
      assert.deepEqual(complaints.filter((complaint) => !expected.test(complaint)), []);
    },
    async close() {
      this.content();
      await context.close();
    },
  };
}

export const PASSWORD = "correct horse battery";

/** A person whose browser is signed in to the account `name`. Whoever was signed in to it is not any more. */
export async function signedIn(browser, server, name, options = {}) {
  const someone = await person(browser, server.url, options);
  const { page } = someone;
  const { url } = await server.guise("account", "link", name);
  await page.goto(new URL(url).pathname);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("The same again").fill(PASSWORD);
  await page.getByLabel("Who is at work").fill(options.operator ?? "");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.waitForURL(`${server.url}/`);
  return someone;
}

/** Holds the page to what every page is held to: on a phone and a desk, in light and dark. */
export async function looksRight(page, name) {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await fits(page, `${name}-${colorScheme}`);
    await isAccessible(page, `${name} in ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Holds the page to the width of a phone and of a desk; the part of the above that works with script turned off. */
export async function fits(page, name) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(excess <= 0, `${name} is ${excess} pixels too wide at ${width}`);
    if (SCREENSHOTS) {
      await mkdir(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}.png`), fullPage: true });
    }
  }
}

async function isAccessible(page, what) {
  // Evaluated from outside: the page's own policy lets in no script but its own.
  const axe = await (await import("node:fs/promises")).readFile(AXE, "utf8");
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await globalThis.axe.run({ resultTypes: ["violations"] })).violations);
  const grave = found.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(told, [], what);
}
