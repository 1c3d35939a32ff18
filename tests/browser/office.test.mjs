// The log, apps and tokens, limits, and the reference: what a person finds there, in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, launch, looksRight, person, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

let server;
let browser;

before(async () => {
  server = await start();
  browser = await launch();
  await server.guise("account", "add", "shop");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("an app is registered, gets a token, and both are revoked; the log tells of it", async () => {
  const someone = await signedIn(browser, server, "shop", { operator: "night desk" });
  const { page } = someone;
  await page.click("nav >> text=Apps");
  await looksRight(page, "apps-empty");
  await page.fill("#name", "Support desk <b>");
  await page.fill("#url", "https://desk.example");
  await page.click("text=Register >> nth=-1");
  await page.waitForSelector("text=The secret is shown only now");
  await looksRight(page, "keys");
  const secret = await page.locator(".keys dd code").nth(1).textContent();
  assert.match(secret, /^[A-Za-z0-9]{50}$/);
  await page.click("text=I have kept it");
  await looksRight(page, "app");
  assert.ok(!(await page.content()).includes(secret));
  await page.fill("form[action$=tokens] #operator", "early shift");
  await page.click("text=Make a token >> nth=-1");
  const token = await page.locator(".keys dd code").nth(1).textContent();
  await page.click("text=I have kept it");
  await page.waitForURL("**/apps");
  await looksRight(page, "apps");
  await page.click("#tokens ~ ul a");
  await looksRight(page, "token");
  await page.check("text=Reading >> nth=0");
  await page.click("text=Save");
  await page.waitForURL("**/apps");
  assert.ok(await page.isVisible("#tokens ~ ul .tag:text-is('reads')"));
  await page.click("#tokens ~ ul a");
  await page.click("text=Revoke");
  await looksRight(page, "revoke");
  await page.click("text=Revoke the token");
  await page.waitForURL("**/apps");
  assert.ok(await page.isVisible("#tokens ~ ul .tag.bad"));
  await page.goto(`/tokens/${token}`);
  await page.waitForSelector("text=It is revoked");
  await page.goto("/log");
  const told = await page.locator(".lines li p").allInnerTexts();
  const plain = told.map((line) => line.replace(/\s+/g, " "));
  assert.deepEqual(plain.slice(0, 4), [
    "night desk revoked a token of the app Support desk <b> through Guise console",
    "night desk changed what a token allows, of the app Support desk <b> through Guise console",
    "night desk gave a token to the app Support desk <b> through Guise console",
    "night desk registered the app Support desk <b> through Guise console",
  ]);
  await looksRight(page, "log");
  await page.selectOption("#action", "app.created");
  await page.click("text=Show >> nth=-1");
  assert.equal(await page.locator(".lines li").count(), 1);
  await page.goto("/limits");
  await looksRight(page, "limits");
  await someone.close();
});

test("a password is changed on the settings page, and only this browser stays signed in", async () => {
  const [someone, elsewhere] = [await signedIn(browser, server, "shop"), await person(browser, server.url)];
  const { page } = someone;
  await elsewhere.page.goto("/sign-in");
  await elsewhere.page.fill("#name", "shop");
  await elsewhere.page.fill("#password", PASSWORD);
  await elsewhere.page.click("main button");
  await elsewhere.page.waitForURL(server.url + "/");
  await page.click("nav >> text=Settings");
  await looksRight(page, "settings");
  for (const [current, told] of [
    ["wrong horse battery", "This is not the password"],
    [PASSWORD, "The account has a new password"],
  ]) {
    await page.getByLabel("Password now").fill(current);
    await page.getByLabel("New password").fill("another horse battery");
    await page.getByLabel("The same again").fill("another horse battery");
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByText(told).waitFor();
    await looksRight(page, `settings-${current === PASSWORD ? "changed" : "wrong"}`);
  }
  await page.goto("/");
  await page.waitForSelector("text=Hello, @shop");
  await elsewhere.page.goto("/");
  await elsewhere.page.waitForURL("**/sign-in");
  await elsewhere.close();
  someone.content(/status of 403/);
  await someone.context.close();
});

test("the reference is there without signing in, and its contents lead somewhere", async () => {
  const someone = await person(browser, server.url);
  const { page } = someone;
  await page.goto("/docs");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.click(".contents >> text=Makes a profile");
  assert.ok(await page.locator(":target").isVisible());
  await someone.close();
});
