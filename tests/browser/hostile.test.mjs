// What others try: names that would like to be script, and sites that would like to use a browser that is signed in.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { client } from "./client.mjs";
import { PASSWORD, launch, looksRight, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

const PHOTO = "tests/browser/cat.jpg";
const PROFILE = "<script>alert(1)</script><img src=x onerror=f()>";
const APP = "\"'><svg onload=alert(2)><img src=x onerror=alert(2)>";
const FILE = "<img src=x onerror=alert(3)>.jpg";

/** What the browser is told of what is refused here. */
const REFUSED = /frame-ancestors|X-Frame-Options|status of (403|404)/;

let server, browser, shop, ann, listener, evil;
/** What the other site answers with. */
let bait = "";

before(async () => {
  server = await start();
  browser = await launch();
  for (const name of ["shop", "ann", "eve"]) await server.guise("account", "add", name);
  listener = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><link rel="icon" href="data:,"><title>Evil</title>${bait}`);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  // Another host by name, so another site to a browser.
  evil = `http://127.0.0.1:${listener.address().port}`;
  shop = await signedIn(browser, server, "shop", { leaves: [evil], operator: APP });
  ann = await signedIn(browser, server, "ann");
});

after(async () => {
  await browser?.close();
  listener?.close();
  await server?.stop();
});

/** Holds that the names on this page are text, of which some `shows` are there. */
async function isText(page, shows) {
  assert.ok((await page.locator("main").innerText()).includes(shows), `${page.url()} shows ${shows}`);
  assert.equal(await page.locator("img[src=x], svg[onload], script:not([src])").count(), 0, page.url());
}

test("what a profile, a file and an app are called is text wherever it is shown", async () => {
  for (const { page } of [shop, ann]) {
    page.on("dialog", (dialog) => assert.fail(`${page.url()} said ${dialog.message()}`));
  }
  const { page } = shop;
  await page.goto("/profiles/new");
  await page.getByLabel("Name", { exact: true }).fill(PROFILE);
  const buffer = await readFile(PHOTO);
  await page.locator("#media").setInputFiles({ name: FILE, mimeType: "image/jpeg", buffer });
  await page.locator("#crop canvas").waitFor();
  await isText(page, PROFILE);
  await page.getByRole("button", { name: "Make the profile" }).click();
  await page.getByText("Saved.").waitFor();
  await isText(page, PROFILE);
  assert.ok(!(await page.content()).includes("alert(3)"), "what a file is called is kept nowhere");
  await looksRight(page, "hostile-profile");
  await page.goto("/profiles");
  await isText(page, PROFILE);
  await page.goto("/conversations/ann");
  await page.getByLabel("Write as").selectOption({ label: PROFILE });
  await page.getByLabel("Message", { exact: true }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".said").waitFor();
  await ann.page.goto("/conversations");
  await isText(ann.page, PROFILE);
  await ann.page.goto("/conversations/shop");
  await isText(ann.page, PROFILE);
  // Another one comes live, by script.
  await page.getByLabel("Message", { exact: true }).fill("Again");
  await page.getByRole("button", { name: "Send" }).click();
  await ann.page.locator(".said", { hasText: "Again" }).waitFor();
  await isText(ann.page, PROFILE);

  await page.goto("/apps");
  await page.getByLabel("Name", { exact: true }).fill(APP);
  await page.getByRole("button", { name: "Register" }).click();
  const [consumer_key, consumer_secret] = await page.locator(".keys dd code").allTextContents();
  await isText(page, APP);
  await page.getByRole("link", { name: "I have kept it" }).click();
  await page.getByRole("heading", { name: APP }).waitFor();
  await isText(page, APP);
  const app = client(server.url, { consumer_key, consumer_secret });
  const { oauth_token } = await app.ask("oob");
  await ann.page.goto(`/oauth/authorize?oauth_token=${oauth_token}`);
  await isText(ann.page, APP);
  await looksRight(ann.page, "hostile-authorize");
  await ann.page.getByRole("button", { name: "Allow" }).click();
  await isText(ann.page, APP);
  await page.getByRole("button", { name: "Make a token" }).click();
  for (const path of ["/apps", "/log", "/inspector"]) {
    await page.goto(path);
    await isText(page, APP);
  }
  shop.content();
  ann.content();
});

test("no page is shown in another site's frame", async () => {
  const { page } = shop;
  for (const path of ["/", "/settings", "/sign-in", "/oauth/authorize?oauth_token=x", "/nothing"]) {
    bait = `<iframe src="${server.url}${path}" width="900" height="600"></iframe>`;
    const framed = page.waitForEvent("framenavigated", (frame) => frame !== page.mainFrame());
    await page.goto(evil);
    assert.match((await framed).url(), /^chrome-error:/, path);
  }
  shop.content(REFUSED);
});

test("a form from another site changes nothing and signs nobody in", async () => {
  const { page } = shop;
  const form = (path, fields) => {
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    return `<form method="post" action="${server.url}${path}">${inputs.join("")}<button>Win</button></form>`;
  };
  await page.goto("/settings");
  const [csrf, once] = await Promise.all(
    ["csrf", "once"].map((name) => page.locator(`main [name=${name}]`).first().inputValue()),
  );
  const tries = [
    ["/settings", { csrf, once, messages_from: "following" }],
    ["/sign-out", { csrf, once }],
    ["/sign-in", { name: "ann", password: PASSWORD }],
  ];
  for (const [path, fields] of tries) {
    bait = form(path, fields);
    await page.goto(evil);
    await page.getByRole("button", { name: "Win" }).click();
    await page.getByText("This form was not sent from a page of this server.").waitFor();
  }
  await page.goto("/settings");
  assert.ok(await page.getByLabel("Everybody's").isChecked());
  assert.equal(await page.locator(".account .who").textContent(), "@shop");
  shop.content(REFUSED);
});
