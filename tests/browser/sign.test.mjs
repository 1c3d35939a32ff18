// Signing in and out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, launch, looksRight, person, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

let server, browser;

before(async () => {
  server = await start();
  browser = await launch();
  await server.guise("account", "add", "shop");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const path = (page) => new URL(page.url()).pathname;

async function signIn(page, password) {
  await page.getByLabel("Account").fill("shop");
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Who is at work").fill("Night desk");
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function signOut(page, button) {
  await page.locator(".account summary").click();
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.waitForURL("**/sign-in");
}

test("a one-time link sets a password, signs in, and is over", async () => {
  const someone = await person(browser, server.url);
  const { page } = someone;
  const link = new URL((await server.guise("account", "link", "shop")).url).pathname;
  await page.goto(link);
  assert.equal(await page.evaluate(() => document.activeElement.id), "password");
  await looksRight(page, "link");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("The same again").fill(`${PASSWORD}!`);
  await page.getByLabel("Who is at work").fill("Early shift");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByText("The two passwords are not the same.").waitFor();
  await looksRight(page, "link-wrong");
  assert.equal(await page.getByLabel("Who is at work").inputValue(), "Early shift");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("The same again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/`);
  assert.equal(await page.locator(".account .operator").textContent(), "Early shift");
  await page.goto(link);
  await page.getByRole("heading", { name: "This is over" }).waitFor();
  await looksRight(page, "link-over");
  someone.content(/status of (400|410)/);
});

test("a wrong password is told, the right one leads to what was asked for, and signing out ends it", async () => {
  const someone = await person(browser, server.url);
  const { page, context } = someone;
  await page.goto("/log?action=account.signed-in");
  assert.equal(path(page), "/sign-in");
  await looksRight(page, "sign-in");
  await signIn(page, "wrong horse battery");
  await page.getByText("No account has this name and this password.").waitFor();
  await looksRight(page, "sign-in-wrong");
  const [name, password] = [page.getByLabel("Account"), page.getByLabel("Password")];
  assert.deepEqual([await name.inputValue(), await password.inputValue()], ["shop", ""]);
  assert.ok(await password.evaluate((field) => field === document.activeElement));
  assert.deepEqual(await context.cookies(), []);
  await signIn(page, PASSWORD);
  await page.waitForURL("**/log?action=account.signed-in");
  const [cookie] = await context.cookies();
  const { httpOnly, secure, sameSite } = cookie;
  assert.deepEqual([cookie.name, httpOnly, secure, sameSite], ["__Host-guise", true, true, "Lax"]);
  await page.locator(".account summary").click();
  await looksRight(page, "account-menu");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sign-in");
  assert.deepEqual(await context.cookies(), []);
  await page.goBack();
  assert.equal(path(page), "/sign-in", "no page is kept that was for somebody who is signed in");
  await context.addCookies([cookie]);
  await page.goto("/");
  assert.equal(path(page), "/sign-in", "the session is over, not only its cookie gone");
  someone.content(/status of 403/);
});

test("signing out everywhere ends it in every browser", async () => {
  const first = await signedIn(browser, server, "shop");
  const second = await person(browser, server.url);
  await second.page.goto("/sign-in");
  await signIn(second.page, PASSWORD);
  await second.page.waitForURL(`${server.url}/`);
  await signOut(second.page, "Sign out");
  await first.page.goto("/settings");
  assert.equal(path(first.page), "/settings", "the other one's session goes on");
  await signIn(second.page, PASSWORD);
  await second.page.waitForURL(`${server.url}/`);
  await signOut(second.page, "Sign out everywhere");
  await first.page.goto("/settings");
  assert.equal(path(first.page), "/sign-in");
  await first.close();
  await second.close();
});
