// The inspector: requests appear as they are answered, and each of the usual mistakes is explained, in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client } from "./client.mjs";
import { launch, looksRight, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

const LIST = "/1.1/custom_profiles/list.json";
const NEW = "/1.1/custom_profiles/new.json";

let server;
let browser;
let keys;

before(async () => {
  server = await start({ GUISE_INSPECTOR_BODIES: "true" });
  browser = await launch();
  await server.guise("account", "add", "shop");
  const app = await server.guise("app", "add", "--account", "shop", "Support desk");
  keys = { ...app, ...(await server.guise("token", "add", "--account", "shop", "--app", app.id)) };
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A client's request, with whatever it does wrong: what it signs instead of what it sends. */
async function send(path, { method = "GET", query = "", body, signs = {}, late = 0, secret } = {}) {
  const token = { oauth_token: keys.token, oauth_token_secret: secret ?? keys.token_secret };
  const sent = { oauth_timestamp: String(Math.floor(Date.now() / 1000) - late) };
  const form = [signs.query ?? query, signs.form ?? ""].join("&");
  const signed = client(signs.host ?? server.url, keys).signed(method, path, token, sent, form);
  const headers = { ...signed, ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(`${server.url}${path}${query && `?${query}`}`, { method, headers, body });
  return { status: answer.status, id: answer.headers.get("x-transaction-id") };
}

test("requests appear as they are answered, each mistake is explained, and the list can be paused and narrowed", async () => {
  const someone = await signedIn(browser, server, "shop");
  const { page } = someone;
  await page.click("nav >> text=Inspector");
  await page.waitForSelector("text=Requests appear as they are answered.");
  await looksRight(page, "inspector-empty");
  const body = '{"custom_profile":{"name":"Ann"}}';
  const mistakes = [
    ["url", /signature is for https:\/\/localhost/, LIST, { signs: { host: "https://localhost" } }],
    ["body-signed", /body/, NEW, { method: "POST", body, signs: { form: body } }],
    ["encoded-twice", /twice/, LIST, { query: "cursor=MTI%3D", signs: { query: "cursor=MTI%253D" } }],
    ["wrong-secret", /secret/, LIST, { secret: "wrong" }],
    ["clock", /clock/, LIST, { late: 3600 }],
  ];
  const right = await send(LIST, { query: "count=7" });
  assert.equal(right.status, 200);
  await page.waitForSelector(`#r${right.id}`);
  for (const [mistake, says, path, wrong] of mistakes) {
    const { status, id } = await send(path, wrong);
    assert.equal(status, 401, mistake);
    // It appears above the others without anything being loaded again.
    await page.waitForSelector(`#requests li:first-child#r${id}`);
    const other = await someone.context.newPage();
    await other.goto(`/inspector/${id}`);
    assert.match(await other.locator(`#${mistake}`).innerText(), says);
    await looksRight(other, `inspector-${mistake}`);
    await other.close();
  }
  await looksRight(page, "inspector");
  await page.click("#pause");
  await page.waitForSelector("text=Paused.");
  const unseen = await send(LIST);
  assert.equal(await page.locator(`#r${unseen.id}`).count(), 0);
  await page.click("#pause");
  await page.waitForSelector(`#r${unseen.id}`);
  await page.fill("#status", "4xx");
  await page.selectOption("#method", "POST");
  await page.click("main form button");
  await page.waitForURL("**/inspector?*");
  assert.equal(await page.locator("#requests li").count(), 1);
  await page.waitForSelector("text=Requests appear as they are answered.");
  const [fits, not] = [await send(NEW, { method: "POST", body, secret: "wrong" }), await send(LIST)];
  await page.waitForSelector(`#r${fits.id}`);
  assert.equal(await page.locator(`#r${not.id}`).count(), 0);
  await page.click(`#r${fits.id} a`);
  await page.waitForSelector("text=Why the signature does not hold");
  await page.goto(`/inspector/${right.id}`);
  assert.match(await page.locator("#answer ~ pre").innerText(), /"custom_profiles": \[\]/);
  await looksRight(page, "inspector-request");
  await someone.close();
});
