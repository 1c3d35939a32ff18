// Making, cropping, changing and taking away profiles.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, looksRight, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

let server, browser, somebody, page;

before(async () => {
  server = await start();
  browser = await launch();
  await server.guise("account", "add", "shop");
  somebody = await signedIn(browser, server, "shop", { operator: "Night desk" });
  page = somebody.page;
});

after(async () => {
  // Pages that say no say so to the browser too.
  somebody?.content(/status of (400|412)/);
  await somebody?.context.close();
  await browser?.close();
  await server?.stop();
});

/** A picture of 600 by 400 pixels, red on the left and blue on the right, with a hole in it if that is wanted. */
async function drawn(type, hole = false) {
  const url = await page.evaluate(
    ([type, hole]) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 400 });
      const context = canvas.getContext("2d");
      context.fillStyle = "#d03020";
      context.fillRect(0, 0, 300, 400);
      context.fillStyle = "#2040d0";
      context.fillRect(300, 0, 300, 400);
      if (hole) context.clearRect(0, 0, 60, 60);
      return canvas.toDataURL(type);
    },
    [type, hole],
  );
  return Buffer.from(url.split(",")[1], "base64");
}

/** The picture on the page: its size, and the colours in the middle of its left and right edge. */
function shown() {
  return page.evaluate(async () => {
    const source = document.querySelector(".portrait img").src.replace(/\?.*/, "?name=orig");
    const blob = await (await fetch(source)).blob();
    const picture = await createImageBitmap(blob);
    const { width, height } = picture;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const colour = (x) => {
      const [red, , blue] = context.getImageData(x, height / 2, 1, 1).data;
      return red > blue ? "red" : "blue";
    };
    return { width, height, type: blob.type, left: colour(2), right: colour(width - 3) };
  });
}

/** Saves, and waits for the page after: the one before may say "Saved." as well. */
async function save() {
  const after = page.waitForEvent("load");
  await page.getByRole("button", { name: "Save" }).click();
  await after;
  await page.getByText("Saved.").waitFor();
}

test("a name is counted as the server counts it, and the preview shows it", async () => {
  await page.goto("/profiles/new");
  const [name, count] = [page.getByLabel("Name", { exact: true }), page.locator("#name-count")];
  await name.fill("  Zoe\u0308 😀 ");
  assert.equal(await count.textContent(), "5 of 48 characters");
  assert.equal(await page.locator("#preview-name").textContent(), "Zoë 😀");
  assert.equal(await page.locator("#preview .via").textContent(), "via @shop");
  assert.equal(await page.locator("#preview-face").textContent(), "Z");
  await name.fill("é".repeat(49));
  assert.equal(await count.textContent(), "49 of 48 characters");
  await page.getByRole("button", { name: "Make the profile" }).click();
  assert.equal(new URL(page.url()).pathname, "/profiles/new", "the browser does not send it");
  await name.fill("e\u0301".repeat(48));
  assert.equal(await count.textContent(), "48 of 48 characters");
  assert.ok(await name.evaluate((field) => field.checkValidity()));
});

test("a picture is cropped by keyboard, and only the square is sent", async () => {
  await page.goto("/profiles/new");
  await page.getByLabel("Name", { exact: true }).fill("Zoë");
  await page.getByLabel("Human").check();
  await page.getByLabel("Tags").fill("night german");
  const buffer = await drawn("image/png");
  await page.locator("#media").setInputFiles({ name: "<script>.png", mimeType: "image/png", buffer });
  await page.locator("#crop canvas").waitFor();
  await page.getByLabel("Left and right").focus();
  await page.keyboard.press("Home");
  await page.getByLabel("Closer").focus();
  await page.keyboard.press("ArrowRight");
  await looksRight(page, "profile-new");
  await page.getByRole("button", { name: "Make the profile" }).click();
  await page.getByText("Saved.").waitFor();
  assert.deepEqual(await shown(), { width: 396, height: 396, type: "image/jpeg", left: "red", right: "blue" });
  await looksRight(page, "profile");
  const history = await page.locator(".history").textContent();
  assert.match(history, /by the app Guise console, Night desk at work/);
});

test("a picture is cropped by pointer, dropped, and keeps what shows through it", async () => {
  const buffer = await drawn("image/png", true);
  const files = await page.evaluateHandle((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "face.png", { type: "image/png" }));
    return data;
  }, [...buffer]);
  await page.dispatchEvent("#picture", "drop", { dataTransfer: files });
  const canvas = page.locator("#crop canvas");
  await canvas.waitFor();
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 2, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  assert.equal(await page.getByLabel("Left and right").inputValue(), "0");
  await save();
  assert.deepEqual(await shown(), { width: 400, height: 400, type: "image/png", left: "red", right: "blue" });
});

test("what is no picture is told, and taken back", async () => {
  await page.goto("/profiles/new");
  const buffer = Buffer.from("no picture");
  await page.locator("#media").setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
  await page.getByText("This browser cannot read that file").waitFor();
  assert.equal(await page.locator("#media").evaluate((field) => field.files.length), 0);
  await page.locator("#media").setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: await drawn("image/jpeg") });
  await page.getByRole("button", { name: "Take no new picture" }).click();
  assert.equal(await page.locator("#crop").isVisible(), false);
  await page.getByLabel("Name", { exact: true }).fill("Zοë");
  await page.getByRole("button", { name: "Make the profile" }).click();
  await page.getByText("This name looks like another").waitFor();
  await looksRight(page, "profile-alike");
});

test("two who change a profile at once are told of one another", async () => {
  const other = await somebody.context.newPage();
  await other.goto(page.url());
  await page.getByLabel("Name", { exact: true }).fill("Zoë Night");
  await save();
  await other.getByLabel("Name", { exact: true }).fill("Zoë Day");
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByText("Somebody changed this profile while you did.").waitFor();
  await looksRight(other, "profile-stale");
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByText("Saved.").waitFor();
  assert.equal(await other.locator("h1").textContent(), "Zoë Day");
  await other.close();
});

test("the gallery finds profiles, and goes on page by page", async () => {
  for (const name of ["Jon C, Partner Engineer", "Amélie", "Tom at night", "Order bot", "山田 花子", "A".repeat(48)]) {
    await page.goto("/profiles/new");
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Make the profile" }).click();
    await page.getByText("Saved.").waitFor();
  }
  await page.goto("/profiles");
  await looksRight(page, "profiles");
  await page.getByRole("searchbox", { name: "Name" }).fill("ZOE");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL("**/profiles?name=ZOE*");
  assert.deepEqual(await page.locator(".faces h2").allTextContents(), ["Zoë Day", "Zoë"]);
});

test("a profile is destroyed, and erased once its name was typed", async () => {
  await page.getByRole("link", { name: "Zoë Day" }).click();
  await page.getByRole("button", { name: "Destroy it" }).click();
  await page.getByText("It was destroyed on").waitFor();
  await looksRight(page, "profile-destroyed");
  await page.getByLabel("Type its name to erase it").fill("Zoe Day");
  await page.getByRole("button", { name: "Erase it for good" }).click();
  await page.getByText("This is not its name.").waitFor();
  await page.getByLabel("Type its name to erase it").fill("Zoë Day");
  await page.getByRole("button", { name: "Erase it for good" }).click();
  await page.getByText("It was erased on").waitFor();
  assert.equal(await page.locator("h1").textContent(), "Erased profile");
});
