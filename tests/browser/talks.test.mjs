// Two people at their browsers, writing to each other.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, looksRight, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

const PHOTO = "crates/guise/assets/jon.jpg";

let server, browser, api, shop, ann;

before(async () => {
  server = await start();
  browser = await launch();
  for (const name of ["shop", "ann"]) await server.guise("account", "add", name);
  api = (await server.client("shop")).run;
  shop = await signedIn(browser, server, "shop");
  ann = await signedIn(browser, server, "ann");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function say(page, text, as) {
  if (as !== undefined) await page.getByLabel("Write as").selectOption({ label: as });
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".said", { hasText: text }).waitFor();
}

test("a message under a face is seen by the other side, who answers, and that appears by itself", async () => {
  await looksRight(ann.page, "start");
  await ann.page.goto("/conversations");
  await looksRight(ann.page, "conversations-empty");
  await api("profile", "add", "--name", "Jon C, Partner Engineer", "--avatar", PHOTO);
  await api("profile", "add", "--name", "Zoë");
  await shop.page.goto("/conversations");
  await shop.page.getByLabel("Write to an account").fill("@nobody");
  await shop.page.getByRole("button", { name: "Write" }).click();
  await shop.page.getByText("There is no account called @nobody.").waitFor();
  await looksRight(shop.page, "conversations-unknown");
  await shop.page.getByLabel("Write to an account").fill("@ann");
  await shop.page.getByRole("button", { name: "Write" }).click();
  await looksRight(shop.page, "conversation-empty");
  await say(shop.page, "Hello Ann,\nhow can I help? Our hours: https://example.com/hours?day=today", "Jon C, Partner Engineer");
  await api("dm", "send", "--to", "ann", "--media", PHOTO, "--as", "Zoë", "This is Jon.");
  await say(shop.page, "And this is all of us.", "@shop (the account itself)");

  await ann.page.reload();
  await looksRight(ann.page, "conversations");
  await ann.page.getByRole("link", { name: "@shop" }).click();
  assert.equal(await ann.page.locator(".said .via", { hasText: "via @shop" }).count(), 3);
  const loaded = await ann.page.locator(".attached img").evaluate(async (image) => {
    image.loading = "eager";
    await image.decode();
    return image.naturalWidth > 0;
  });
  assert.ok(loaded);
  await say(ann.page, "Thank you!");
  await shop.page.locator(".said", { hasText: "Thank you!" }).waitFor();
  assert.ok(!(await shop.page.locator(".said.own", { hasText: "Thank you!" }).count()));
  await api("dm", "send", "--to", "ann", "--as", "Zoë", "<img src=x onerror=alert(1)>");
  await ann.page.locator(".said", { hasText: "<img src=x" }).waitFor();
  assert.equal(await ann.page.locator(".said", { hasText: "Thank you!" }).count(), 1);
  await looksRight(ann.page, "conversation");
  await looksRight(shop.page, "conversation-own");
});

test("a picture goes with what it shows, an answer by its button, and each side sees what the other does", async () => {
  await shop.page.getByText("Add a picture").click();
  await shop.page.getByLabel("Picture", { exact: true }).setInputFiles(PHOTO);
  await shop.page.getByLabel("What it shows").fill("x".repeat(1000));
  await shop.page.getByLabel("What it shows").evaluate((field) => (field.value += "y"));
  await shop.page.getByRole("button", { name: "Send" }).click();
  await shop.page.getByText("The description must be at most 1000 characters").waitFor();
  await looksRight(shop.page, "conversation-picture-waits");
  await shop.page.getByLabel("What it shows").fill("Jon at work");
  await shop.page.getByLabel("Message", { exact: true }).fill("And Jon once more.");
  await shop.page.getByRole("button", { name: "Send" }).click();
  await shop.page.getByRole("img", { name: "Jon at work" }).waitFor();
  await ann.page.getByRole("img", { name: "Jon at work" }).waitFor();
  await shop.page.getByText("Read by @ann").waitFor();

  const accounts = await server.guise("account", "list");
  const { id } = accounts.find(({ name }) => name === "ann");
  const options = [{ label: "Red" }, { label: "A rather long answer, to see it wrap" }];
  const message_data = { text: "Which one?", quick_reply: { type: "options", options } };
  const message_create = { target: { recipient_id: String(id) }, message_data };
  const body = JSON.stringify({ event: { type: "message_create", message_create } });
  await api("call", "/1.1/direct_messages/events/new.json", "-d", body);
  const red = ann.page.getByRole("button", { name: "Red" });
  await red.waitFor();
  await ann.page.getByLabel("Message", { exact: true }).fill("Half a sentence");
  await looksRight(ann.page, "conversation-answers");
  await red.click();
  await ann.page.locator(".said.own .text", { hasText: "Red" }).waitFor();
  assert.equal(await ann.page.getByLabel("Message", { exact: true }).inputValue(), "Half a sentence");
  await shop.page.locator(".said:not(.own) .text", { hasText: "Red" }).waitFor();
  // Nobody keeps that somebody writes: who writes on says so again, and a page that begins to listen hears it then.
  const writing = ann.page.getByText("@shop is writing…");
  for (let times = 0; times < 10 && !(await writing.isVisible()); times += 1) {
    await api("call", "/1.1/direct_messages/indicate_typing.json", "-d", `recipient_id=${id}`);
    await writing.waitFor({ timeout: 2000 }).catch(() => {});
  }
  assert.ok(await writing.isVisible(), "that the other side writes");
  await looksRight(ann.page, "conversation-typing");
  // What is not there, and what is too long: a page that says so.
  shop.content(/status of 40[04]/);
  ann.content();
});
