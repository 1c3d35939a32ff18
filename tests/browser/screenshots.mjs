// Takes the pictures of pages that the documentation shows: a shop and a customer of its, at work.
// CONTRIBUTING.md says how to run it.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { client } from "./client.mjs";
import { launch, signedIn } from "./pages.mjs";
import { start } from "./server.mjs";

const OUT = process.env.OUT ?? "docs/screenshots";
const DESK = { width: 1120, height: 800 };

/** People, drawn: what they are called, what they are, and the colours of wall, skin, hair and shirt. */
const PEOPLE = [
  ["Jon C, Partner Engineer", "human", "#cfe3dd", "#e8b796", "#4a3426", "#23695d", "short"],
  ["Amina, Night desk", "human", "#f3dcc0", "#a86f4b", "#2a1f1b", "#b5523b", "long"],
  ["Mei, Returns", "human", "#d9dcf2", "#f0cfae", "#191919", "#4b56a8", "bob"],
  ["Olu, Deliveries", "human", "#f6d9dd", "#7b4b33", "#120d0b", "#a03a56", "short"],
  ["Pixel, Shop bot", "bot", "#d4e6f4", "#b9c6cf", "#5c7382", "#2f6f9f", "none"],
];

const HAIR = {
  short: (colour) => `<path d="M108 190q-8-110 92-112t92 112q-24-54-92-54t-92 54z" fill="${colour}"/>`,
  long: (colour) => `<path d="M96 320q-20-240 104-242t104 242h-40q20-120-10-160-60 10-108 0-30 40-10 160z" fill="${colour}"/>`,
  bob: (colour) => `<path d="M98 240q-20-162 102-164t102 164h-34q8-60-8-86-60-20-120 0-16 26-8 86z" fill="${colour}"/>`,
  none: (colour) => `<path d="M200 96v-34" stroke="${colour}" stroke-width="10"/><circle cx="200" cy="54" r="14" fill="${colour}"/>`,
};

function drawn([, kind, wall, skin, hair, shirt, cut]) {
  const head =
    kind === "bot"
      ? `<rect x="112" y="96" width="176" height="168" rx="36" fill="${skin}"/>`
      : `<ellipse cx="200" cy="190" rx="86" ry="104" fill="${skin}"/>`;
  const ink = kind === "bot" ? "#1d3f5c" : "#2b211c";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
    <rect width="400" height="400" fill="${wall}"/>
    <path d="M60 400q10-112 140-112t140 112z" fill="${shirt}"/>
    <path d="M172 270h56v40q-28 22-56 0z" fill="${skin}"/>${head}
    <circle cx="166" cy="184" r="10" fill="${ink}"/><circle cx="234" cy="184" r="10" fill="${ink}"/>
    <path d="M168 228q32 26 64 0" stroke="${ink}" stroke-width="7" fill="none" stroke-linecap="round"/>
    ${HAIR[cut](hair)}</svg>`;
}

const server = await start({ GUISE_INSPECTOR_BODIES: "true" });
const browser = await launch();
try {
  for (const name of ["shop", "ann"]) await server.guise("account", "add", name);
  const desk = await server.client("shop", "Support desk", "early shift");
  const phone = await server.client("ann");
  const studio = await browser.newPage({ viewport: { width: 400, height: 400 } });
  for (const [at, person] of PEOPLE.entries()) {
    await studio.setContent(`<body style="margin:0">${drawn(person)}`);
    const picture = join(server.folder, `${at}.png`);
    await writeFile(picture, await studio.screenshot());
    const [name, kind] = person;
    const tag = kind === "bot" ? "after-hours" : "support";
    await desk.run("profile", "add", "--name", name, "--kind", kind, "--tag", tag, "--avatar", picture);
  }
  const talk = [
    [phone, "Hi! My parcel was to come today. Has it left yet?"],
    [desk, "Good evening, Ann. Let me hand you over to the people who know.", "Pixel, Shop bot"],
    [desk, "Hello, Ann, Olu here. It left at four and is two streets away from you.", "Olu, Deliveries"],
    [phone, "Wonderful, thank you! And can I still change the colour of the second one?"],
    [desk, "You can. Send it back with the label inside, and I will have the green one sent at once.", "Mei, Returns"],
  ];
  for (const [who, text, face] of talk) {
    const to = who === phone ? "shop" : "ann";
    await who.run("dm", "send", "--to", to, ...(face ? ["--as", face] : []), text);
  }

  await mkdir(OUT, { recursive: true });
  const shop = await signedIn(browser, server, "shop", { operator: "night desk", viewport: DESK });
  const ann = await signedIn(browser, server, "ann", { viewport: DESK });
  const take = async ({ page }, name, clip) => {
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: join(OUT, `${name}.png`), ...clip });
  };

  await shop.page.goto("/profiles");
  await take(shop, "profiles");
  await shop.page.goto("/profiles/new");
  await shop.page.getByLabel("Name", { exact: true }).fill("Sofia, Repairs");
  const photo = join(server.folder, "sofia.png");
  await studio.setViewportSize({ width: 640, height: 400 });
  const sofia = ["", "human", "#e4e9c9", "#dca67f", "#7a3b1e", "#5d7032", "long"];
  await studio.setContent(`<body style="margin:0;background:#e4e9c9"><div style="padding-left:120px">${drawn(sofia)}</div>`);
  await writeFile(photo, await studio.screenshot());
  await shop.page.locator("#media").setInputFiles(photo);
  await shop.page.locator("#crop canvas").waitFor();
  await take(shop, "new-profile", { fullPage: true });
  await ann.page.goto("/conversations/shop");
  await ann.page.locator(".said").last().waitFor();
  await take(ann, "conversation", { fullPage: true });
  await shop.page.goto("/log");
  await take(shop, "log");

  const app = client(server.url, desk.app);
  const { token, token_secret } = desk.token;
  const right = { oauth_token: token, oauth_token_secret: token_secret };
  await app.call("GET", "/1.1/custom_profiles/list.json", right);
  const elsewhere = client(server.url.replace("http:", "https:"), desk.app);
  const signed = await elsewhere.signed("GET", "/1.1/direct_messages/events/list.json", right);
  const refused = await fetch(`${server.url}/1.1/direct_messages/events/list.json`, { headers: signed });
  await shop.page.goto("/inspector");
  await take(shop, "inspector");
  await shop.page.goto(`/inspector/${refused.headers.get("x-transaction-id")}`);
  await take(shop, "refused");
  const { oauth_token } = await app.ask("oob");
  await ann.page.goto(`/oauth/authorize?oauth_token=${oauth_token}`);
  await take(ann, "allow", { fullPage: true });
} finally {
  await browser.close();
  await server.stop();
}
