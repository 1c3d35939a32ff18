// The whole work of a day with script turned off.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client } from "./client.mjs";
import { PASSWORD, launch, fits, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

const PHOTO = "tests/browser/cat.jpg";
const PLAIN = { javaScriptEnabled: false };

let server, browser, shop, ann, page;
/** The app that is registered, and what it was given. */
let desk, token;

before(async () => {
  server = await start();
  browser = await launch();
  for (const name of ["shop", "ann"]) await server.guise("account", "add", name);
  shop = await signedIn(browser, server, "shop", { ...PLAIN, operator: "Night desk" });
  ann = await signedIn(browser, server, "ann", PLAIN);
  page = shop.page;
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const press = (button) => page.getByRole("button", { name: button, exact: true }).click();
const follow = (link) => page.getByRole("link", { name: link, exact: true }).click();
const section = (name) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();

/** What was shown once after a form that makes keys: by what each is called. */
async function keys() {
  const texts = await page.locator(".keys dt, .keys dd").allTextContents();
  return Object.fromEntries(texts.flatMap((text, at) => (at % 2 ? [] : [[text, texts[at + 1].trim()]])));
}

test("a profile with a picture is made, changed and found", async () => {
  await section("Profiles");
  await follow("New profile");
  await page.getByLabel("Name", { exact: true }).fill("Chelsea");
  await page.getByLabel("Choose a picture").setInputFiles(PHOTO);
  await page.getByLabel("Tags").fill("night");
  await page.getByText("At most 48 characters.").waitFor();
  await fits(page, "plain-profile-new");
  await press("Make the profile");
  await page.getByText("Saved.").waitFor();
  await heading("Chelsea");
  const picture = page.locator(".portrait img");
  const face = (await picture.getAttribute("src")).split("?")[0];
  const answer = await page.request.get(`${face}?name=orig`);
  assert.equal(answer.headers()["content-type"], "image/jpeg");
  await page.getByLabel("Name", { exact: true }).fill("Chelsea, Shop cat");
  await page.getByLabel("Bot").check();
  await press("Save");
  await heading("Chelsea, Shop cat");
  await fits(page, "plain-profile");
  await section("Profiles");
  await page.getByRole("searchbox", { name: "Name" }).fill("shop CAT");
  await page.getByLabel("Kind").selectOption("Bot");
  await press("Search");
  await page.waitForURL("**/profiles?**");
  assert.deepEqual(await page.locator(".faces h2").allTextContents(), ["Chelsea, Shop cat"]);
});

test("a message under it is written, and read by the other account, who answers", async () => {
  await section("Conversations");
  await page.getByLabel("Write to an account").fill("@ann");
  await press("Write");
  await page.getByLabel("Write as").selectOption({ label: "Chelsea, Shop cat" });
  await page.getByLabel("Message", { exact: true }).fill("Meow.\nHow can I help?");
  await press("Send");
  await page.locator(".said.own", { hasText: "Meow." }).waitFor();
  await ann.page.getByRole("link", { name: "Conversations" }).first().click();
  await ann.page.locator(".talk.unread").getByRole("link", { name: "@shop" }).click();
  const said = ann.page.locator(".said", { hasText: "How can I help?" });
  assert.equal(await said.locator(".from").textContent(), "Chelsea, Shop cat via @shop");
  assert.match(await said.locator("img.face").getAttribute("src"), /\.jpg\?name=thumb$/);
  await ann.page.getByLabel("Message", { exact: true }).fill("Thank you!");
  await ann.page.getByRole("button", { name: "Send" }).click();
  await ann.page.locator(".said.own", { hasText: "Thank you!" }).waitFor();
  await fits(ann.page, "plain-conversation");
  await page.reload();
  await page.locator(".said:not(.own)", { hasText: "Thank you!" }).waitFor();
});

test("an app is registered, acts with a token, and is allowed by another account", async () => {
  await section("Apps");
  await page.getByLabel("Name", { exact: true }).fill("Support desk");
  await press("Register");
  const made = await keys();
  desk = client(server.url, { consumer_key: made["Consumer key"], consumer_secret: made["Consumer secret"] });
  await follow("I have kept it");
  await page.getByLabel("Reading and writing, but no direct messages").check();
  await press("Make a token");
  const given = await keys();
  token = { oauth_token: given["Access token"], oauth_token_secret: given["Token secret"] };
  assert.equal(await desk.whoami(token), "shop");
  const request = await desk.ask("oob");
  await ann.page.goto(`/oauth/authorize?oauth_token=${request.oauth_token}`);
  await ann.page.getByRole("button", { name: "Allow", exact: true }).click();
  const pin = await ann.page.locator("output").textContent();
  assert.equal(await desk.whoami(await desk.exchange(request, pin)), "ann");
});

test("a token is changed and revoked; log, limits, inspector and settings tell and take", async () => {
  await page.goto(`/tokens/${token.oauth_token}`);
  await page.getByLabel("Reading", { exact: true }).check();
  await press("Save");
  await page.locator(".tag", { hasText: /^reads$/ }).waitFor();
  await page.getByRole("link", { name: "Support desk" }).last().click();
  await follow("Revoke");
  await press("Revoke the token");
  await page.locator(".tag", { hasText: "revoked" }).waitFor();
  assert.deepEqual(await desk.whoami(token), [401, 89]);
  await section("Log");
  await page.getByLabel("By whom").fill("Night desk");
  await press("Show");
  await page.waitForURL("**/log?**");
  const lines = await page.locator(".lines li p").allInnerTexts();
  assert.ok(lines.every((line) => line.startsWith("Night desk")), lines.join("\n"));
  assert.match(lines[0], /^Night desk revoked a token of the app Support desk/);
  await section("Limits");
  await page.locator(".limits meter").first().waitFor();
  await section("Inspector");
  await page.locator(".requests .refused").getByRole("link").click();
  await page.getByText("401").first().waitFor();
  await section("Settings");
  await page.getByLabel("Only those of accounts that it has written to").check();
  await press("Save");
  await page.waitForURL("**/settings");
  assert.ok(await page.getByLabel("Only those of accounts").isChecked());
});

test("a profile is destroyed and erased", async () => {
  await section("Profiles");
  await follow("Chelsea, Shop cat");
  await press("Destroy it");
  await page.getByText("It was destroyed on").waitFor();
  await page.getByLabel("Type its name to erase it").fill("Chelsea, Shop cat");
  await press("Erase it for good");
  await heading("Erased profile");
  await ann.page.goto("/conversations/shop");
  const said = ann.page.locator(".said", { hasText: "Meow." });
  assert.equal(await said.locator(".from").textContent(), "Erased profile via @shop");
});

test("the reference is read, and one signs out and in again", async () => {
  await section("Docs");
  await page.locator(".contents").getByRole("link", { name: "Makes a profile" }).click();
  assert.equal(await page.locator(":target").count(), 1);
  await page.locator(".account summary").click();
  await press("Sign out");
  await heading("Sign in");
  await page.getByLabel("Account").fill("shop");
  await page.getByLabel("Password").fill(PASSWORD);
  await press("Sign in");
  await heading("Hello, @shop");
  await shop.close();
  await ann.close();
});
