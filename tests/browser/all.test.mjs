// Every page there is: none is left out, and each is held to what every page is held to.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { client } from "./client.mjs";
import { launch, looksRight, person, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

const ROUTES = "crates/guise-http/src/console/mod.rs";
const PHOTO = "tests/browser/cat.jpg";

let server, browser, someone, nobody;
/** An address for each route that can be got; whoever adds a page adds one. */
let addresses;

before(async () => {
  server = await start();
  browser = await launch();
  for (const name of ["shop", "ann"]) await server.guise("account", "add", name);
  someone = await signedIn(browser, server, "shop", { operator: "Night desk" });
  nobody = await person(browser, server.url);
  const { app, token, run } = await server.client("shop");
  const desk = client(server.url, await server.guise("app", "add", "--account", "ann", "Support desk"));
  const { id: profile } = await run("profile", "add", "--name", "Chelsea, Shop cat", "--avatar", PHOTO);
  await run("dm", "send", "--to", "ann", "--media", PHOTO, "--as", "Chelsea, Shop cat", "Meow.");
  const asked = async () => (await desk.ask("oob")).oauth_token;
  const link = new URL((await server.guise("account", "link", "ann")).url).pathname;
  await someone.page.goto("/inspector");
  const request = await someone.page.locator(".requests a").first().getAttribute("href");
  await someone.page.goto("/conversations/ann");
  const attached = await someone.page.locator(".attached").getAttribute("href");
  addresses = {
    "/": "/",
    "/apps": "/apps",
    "/apps/{id}": `/apps/${app.id}`,
    "/apps/{id}/revoke": `/apps/${app.id}/revoke`,
    "/conversations": "/conversations",
    "/conversations/{name}": "/conversations/ann",
    "/conversations/{name}/stream": "/conversations/ann/stream",
    "/docs": "/docs",
    "/inspector": "/inspector",
    "/inspector/stream": "/inspector/stream",
    "/inspector/{id}": request,
    "/limits": "/limits",
    "/log": "/log",
    "/messages/{message}/{media}/{file}": attached,
    "/oauth/authenticate": `/oauth/authenticate?oauth_token=${await asked()}`,
    "/oauth/authorize": `/oauth/authorize?oauth_token=${await asked()}`,
    "/profiles": "/profiles",
    "/profiles/new": "/profiles/new",
    "/profiles/{id}": `/profiles/${profile}`,
    "/settings": "/settings",
    "/sign-in": "/sign-in",
    "/sign-in/link/{ticket}": link,
    "/tokens/{token}": `/tokens/${token.token}`,
    "/tokens/{token}/revoke": `/tokens/${token.token}/revoke`,
  };
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What the server's own table of pages says can be asked for by this method. */
async function routes(method) {
  const table = /^routes! \{ PAGES pages$(.*?)^\}$/ms.exec(await readFile(ROUTES, "utf8"))[1];
  const lines = [...table.matchAll(/^ {4}"([^"]+)" ([^;]+);$/gm)];
  assert.equal(lines.length, table.trim().split("\n").length, "every line of it is understood");
  return lines.filter(([, , methods]) => methods.includes(`${method} `)).map(([, path]) => path);
}

/** The headers of what is at an address, which may never end. */
async function answered(page, address) {
  const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`);
  const headers = { cookie: cookies.join("; ") };
  const answer = await fetch(server.url + address, { headers, redirect: "manual" });
  await answer.body.cancel();
  assert.equal(answer.status, 200);
  return Object.fromEntries(answer.headers);
}

/** An address of a form: that of the page it is on, and what comes behind. */
function sentTo(route) {
  let page = route;
  while (page && !addresses[page]) page = page.slice(0, page.lastIndexOf("/"));
  const [path] = (addresses[page] ?? "").split("?");
  return path + route.slice(page.length);
}

test("every page looks right, can be read by everybody, and cannot be framed", async (t) => {
  assert.deepEqual(Object.keys(addresses).sort(), (await routes("get")).sort());
  for (const [route, address] of Object.entries(addresses)) {
    await t.test(route, async () => {
      const { page } = route.startsWith("/sign-in") ? nobody : someone;
      const headers = await answered(page, address);
      assert.equal(headers["x-frame-options"], "DENY");
      assert.match(headers["content-security-policy"], /^default-src 'none'; .*frame-ancestors 'none'/);
      if (!headers["content-type"].startsWith("text/html")) {
        assert.match(headers["content-type"], /^(text\/event-stream|image\/jpeg)$/);
        return;
      }
      assert.equal((await page.goto(address)).status(), 200);
      assert.equal(new URL(page.url()).pathname, address.split("?")[0], "one is not sent elsewhere");
      await looksRight(page, `all${route.replace(/[/{}]+/g, "-").replace(/-$/, "")}`);
      assert.equal(await page.locator("h1").count(), 1);
    });
  }
  await someone.close();
  await nobody.close();
});

test("no form is taken from another site, or without proof that it was shown", async (t) => {
  const { page } = await signedIn(browser, server, "shop");
  const send = async (route, origin) => {
    // As forms with a file in them are sent: of the others nothing is found in it.
    const form = { headers: { origin }, multipart: { name: "x" }, maxRedirects: 0 };
    const answer = await page.request.post(sentTo(route), form);
    return [answer.status(), await answer.text()];
  };
  for (const route of await routes("post")) {
    await t.test(route, async () => {
      const [status, told] = await send(route, "https://evil.example");
      assert.equal(status, 403);
      assert.match(told, /This form was not sent from a page of this server\./);
      if (route.startsWith("/sign-in")) return;
      const [unproven, why] = await send(route, server.url);
      assert.equal(unproven, 403);
      assert.match(why, /This form has expired\./);
    });
  }
});
