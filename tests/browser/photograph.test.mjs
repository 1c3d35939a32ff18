// The whole way of a face: a photograph as a phone takes it, the square of it that is kept, a message under it, and what
// the other account sees.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, looksRight, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

// Chelsea the cat, by Stefan van der Walt (CC0): 451 by 300 pixels, lying on its side with a note on how to turn it.
const PHOTO = "tests/browser/cat.jpg";
const NAME = "Chelsea, Shop cat";

let server, browser, shop, ann;

before(async () => {
  server = await start();
  browser = await launch();
  for (const name of ["shop", "ann"]) await server.guise("account", "add", name);
  shop = await signedIn(browser, server, "shop");
  ann = await signedIn(browser, server, "ann");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** How far the picture at `path` is, by colour and pixel, from the square of the photograph that begins at `left`. */
async function distance(page, path, left) {
  const photo = (await readFile(PHOTO)).toString("base64");
  return page.evaluate(
    async ([path, photo, left]) => {
      const pixels = async (blob, left) => {
        const picture = await createImageBitmap(blob);
        const { width, height } = picture;
        const side = Math.min(width, height);
        const context = new OffscreenCanvas(32, 32).getContext("2d");
        context.imageSmoothingQuality = "high";
        context.drawImage(picture, left, 0, side, side, 0, 0, 32, 32);
        return { size: [width, height], data: context.getImageData(0, 0, 32, 32).data };
      };
      const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
      const meant = await pixels(new Blob([bytes]), left);
      const kept = await pixels(await (await fetch(path)).blob(), 0);
      const sum = meant.data.reduce((sum, value, at) => sum + Math.abs(value - kept.data[at]), 0);
      return { size: kept.size, of: meant.size, away: sum / meant.data.length };
    },
    [path, photo, left],
  );
}

test("a photograph is cropped, written under, and seen by the other account", async () => {
  const { page } = shop;
  await page.goto("/profiles/new");
  await page.getByLabel("Name", { exact: true }).fill(NAME);
  await page.locator("#media").setInputFiles(PHOTO);
  await page.locator("#crop canvas").waitFor();
  await page.getByLabel("Left and right").focus();
  await page.keyboard.press("Home");
  await looksRight(page, "photograph-crop");
  await page.getByRole("button", { name: "Make the profile" }).click();
  await page.getByText("Saved.").waitFor();
  const face = new URL(await page.locator(".portrait img").getAttribute("src"), server.url).pathname;
  const left = await distance(page, `${face}?name=orig`, 0);
  assert.deepEqual([left.size, left.of], [[300, 300], [451, 300]]);
  assert.ok(left.away < 4, `${left.away} away from what was kept`);
  const middle = await distance(page, `${face}?name=orig`, 75);
  assert.ok(middle.away > 12, `only ${middle.away} away from what was not`);

  await page.goto("/conversations/ann");
  await page.getByLabel("Write as").selectOption({ label: NAME });
  await page.getByLabel("Message", { exact: true }).fill("Meow. How can I help?");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".said.own", { hasText: "Meow" }).waitFor();

  await ann.page.goto("/conversations");
  await ann.page.locator(".talk", { hasText: `${NAME}: Meow` }).waitFor();
  await ann.page.getByRole("link", { name: "@shop" }).click();
  const said = ann.page.locator(".said:not(.own)", { hasText: "Meow" });
  assert.equal(await said.locator(".from bdi").textContent(), NAME);
  assert.equal(await said.locator(".via").textContent(), "via @shop");
  const seen = await said.locator("img.face").getAttribute("src");
  assert.equal(new URL(seen, server.url).pathname, face);
  const small = await distance(ann.page, seen, 0);
  assert.ok(small.away < 6, `${small.away} away from what was kept`);
  await looksRight(ann.page, "conversation-photograph");
  await shop.close();
  await ann.close();
});
