// An account allows an app to act for it, refuses it, and takes it back.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { client } from "./client.mjs";
import { PASSWORD, launch, looksRight, person, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

let server, browser, ann, app, listener, site;
/** What the app's own site was asked for by browsers that came back to it. */
const arrived = [];
/** The token that the app was given last. */
let given;

before(async () => {
  server = await start();
  browser = await launch();
  for (const name of ["desk", "ann"]) await server.guise("account", "add", name);
  listener = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, site);
    if (pathname === "/done") arrived.push(Object.fromEntries(searchParams));
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>Desk</title><h1>Back at the desk</h1>");
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  site = `http://127.0.0.1:${listener.address().port}`;
  const keys = await server.guise("app", "add", "--account", "desk", "--url", "https://desk.example", "Support desk");
  await server.guise("app", "callback", "add", keys.id, `${site}/done`);
  app = client(server.url, keys);
  ann = await signedIn(browser, server, "ann", { leaves: [site], operator: "Night desk" });
});

after(async () => {
  await browser?.close();
  listener?.close();
  await server?.stop();
});

const authorize = ({ oauth_token }) => `/oauth/authorize?oauth_token=${oauth_token}`;
const press = (page, button) => page.getByRole("button", { name: button, exact: true }).click();

test("an app is allowed by PIN, once", async () => {
  const { page } = ann;
  const request = await app.ask("oob");
  await page.goto(authorize(request));
  await page.getByRole("heading", { name: "Allow Support desk to act for @ann?" }).waitFor();
  await page.getByText("An app of @desk, described at https://desk.example.").waitFor();
  await looksRight(page, "authorize-pin");
  await press(page, "Allow");
  const pin = await page.locator("output").textContent();
  assert.match(pin, /^\d{7}$/);
  await looksRight(page, "pin");
  await assert.rejects(app.exchange(request, pin.replace(/\d$/, (digit) => (Number(digit) + 1) % 10)), /^Error: 401/);
  given = await app.exchange(request, pin);
  assert.equal(given.screen_name, "ann");
  assert.equal(await app.whoami(given), "ann");
  await assert.rejects(app.exchange(request, pin), /^Error: 401.*"code":89/);
  await page.goto(authorize(request));
  await page.getByRole("heading", { name: "This is over" }).waitFor();
  await looksRight(page, "authorize-over");
  ann.content(/status of 410/);
});

test("an app is refused, and is told", async () => {
  const { page } = ann;
  const request = await app.ask(`${site}/done?desk=3`);
  await page.goto(authorize(request));
  await press(page, "Refuse");
  await page.waitForURL(`${site}/done?**`);
  assert.deepEqual(arrived.splice(0), [{ desk: "3", denied: request.oauth_token }]);
  await assert.rejects(app.exchange(request, "0000000"), /^Error: 401/);
  await page.goto(authorize(await app.ask("oob")));
  await press(page, "Refuse");
  await page.getByRole("heading", { name: "You refused" }).waitFor();
  await looksRight(page, "app-refused");
});

test("who is not signed in signs in on the way, and the app gets its callback", async () => {
  const someone = await person(browser, server.url, { leaves: [site] });
  const { page } = someone;
  const request = await app.ask(`${site}/done?desk=7`);
  await page.goto(authorize(request));
  await page.getByLabel("Account").fill("ann");
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Sign in");
  await page.getByText(`Either way you go on to ${site}/done.`).waitFor();
  await looksRight(page, "authorize");
  await press(page, "Allow");
  await page.getByRole("heading", { name: "Back at the desk" }).waitFor();
  const [{ oauth_token, oauth_verifier, ...rest }] = arrived.splice(0);
  assert.deepEqual([oauth_token, rest], [request.oauth_token, { desk: "7" }]);
  const again = await app.exchange(request, oauth_verifier);
  assert.equal(again.oauth_token, given.oauth_token, "who allowed it before gives it the same token");
  const next = await app.ask(`${site}/done`);
  await page.goto(`/oauth/authenticate?oauth_token=${next.oauth_token}`);
  await page.waitForURL(`${site}/done?**`);
  assert.equal(arrived.splice(0)[0].oauth_token, next.oauth_token, "and is not asked again");
  await someone.close();
});

test("what an app was allowed is taken back, and its token refused", async () => {
  const { page } = ann;
  assert.equal(await app.whoami(given), "ann");
  await page.goto("/apps");
  await page.getByText("an app of @desk").waitFor();
  await looksRight(page, "apps-of-others");
  await page.getByRole("link", { name: "Support desk" }).click();
  await page.getByRole("link", { name: "Revoke" }).click();
  await press(page, "Revoke the token");
  await page.waitForURL("**/apps");
  assert.deepEqual(await app.whoami(given), [401, 89]);
  await page.goto("/log?action=token.revoked");
  await page.getByText(/Night desk revoked a token of the app Support desk/).waitFor();
  const request = await app.ask("oob");
  await page.goto(`/oauth/authenticate?oauth_token=${request.oauth_token}`);
  await page.getByRole("heading", { name: "Allow Support desk to act for @ann?" }).waitFor();
  await looksRight(page, "authenticate");
});
