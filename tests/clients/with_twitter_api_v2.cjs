// twitter-api-v2, unmodified: it believes that it talks to api.x.com and upload.x.com, and its agent's connections lead
// to the server, as an entry in the hosts file would. One test points it elsewhere with `prefix` instead.
'use strict';

const assert = require('node:assert/strict');
const https = require('node:https');
const { test } = require('node:test');
const tls = require('node:tls');
const zlib = require('node:zlib');
const { TwitterApi } = require('twitter-api-v2');

const PORT = Number(process.env.GUISE_TLS_PORT);
const ACCOUNTS = JSON.parse(process.env.GUISE_ACCOUNTS);
// Accounts whose people sign in to pages.
const PEOPLE = JSON.parse(process.env.GUISE_PEOPLE);
const DONE = process.env.GUISE_CALLBACK;
const NAME = 'Jon C, Partner Engineer';
const UNKNOWN = '100001';

class LocalAgent extends https.Agent {
  createConnection(options) {
    return tls.connect({ ...options, host: '127.0.0.1', port: PORT, servername: options.servername ?? options.host });
  }
}

const agent = new LocalAgent({ keepAlive: false });

function api(keys) {
  return new TwitterApi({
    appKey: keys.consumer_key,
    appSecret: keys.consumer_secret,
    accessToken: keys.token,
    accessSecret: keys.token_secret,
  }, { httpAgent: agent });
}

function client(keys = ACCOUNTS.pop()) {
  return api(keys).v1;
}

// An account with its id and name, and the library acting for it.
function person() {
  const keys = ACCOUNTS.pop();
  return { id: keys.id, name: keys.name, v1: client(keys), v2: api(keys).v2 };
}

function chunk(kind, body) {
  const named = Buffer.concat([Buffer.from(kind), body]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(body.length, 0);
  around.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([around.subarray(0, 4), named, around.subarray(4)]);
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

// A PNG of 400 × 300 pixels that looks like nothing, and is 360 kB because it is not compressed.
function picture() {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(400, 0);
  header.writeUInt32BE(300, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.from(Array.from({ length: 1200 }, (_, i) => (i * 7) % 256))]);
  const pixels = zlib.deflateSync(Buffer.concat(Array(300).fill(row)), { level: 0 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0)),
  ]);
}

function upload(v1) {
  return v1.uploadMedia(picture(), { mimeType: 'image/png', target: 'dm', chunkLength: 100_000 });
}

async function create(v1, name, id, options = {}) {
  const body = { custom_profile: { name, avatar: { media: { id } } } };
  const answer = await v1.post('custom_profiles/new.json', body, { forceBodyMode: 'json', ...options });
  return answer.custom_profile;
}

async function refused(action, status, code, message) {
  await assert.rejects(action, (error) => {
    assert.equal(error.code, status);
    assert.deepEqual(error.errors, [{ code, message }]);
    assert.ok(error.hasErrorCode(code));
    return true;
  });
}

async function say(from, to, text, more = {}) {
  return (await from.v1.sendDm({ recipient_id: to.id, text, ...more })).event;
}

function said({ message_create: message }) {
  return [message.sender_id, message.custom_profile_id, message.message_data.text];
}

test('twitter-api-v2: uploads a picture', async () => {
  const options = { prefix: 'https://upload.x.com/1.1/', forceBodyMode: 'form-data' };
  const answer = await client().post('media/upload.json', { media: picture() }, options);
  assert.deepEqual(answer.image, { image_type: 'image/png', w: 400, h: 300 });
});

test('twitter-api-v2: uploads a picture in segments at once', async () => {
  const v1 = client();
  assert.equal((await create(v1, NAME, await upload(v1))).name, NAME);
});

test('twitter-api-v2: creates a profile and reads it back', async () => {
  const v1 = client();
  const profile = await create(v1, NAME, await upload(v1));
  assert.deepEqual(await v1.get(`custom_profiles/${profile.id}.json`), { custom_profile: profile });
});

test('twitter-api-v2: works under another prefix', async () => {
  const v1 = client();
  const prefix = `https://localhost:${PORT}/1.1/`;
  const profile = await create(v1, NAME, await upload(v1), { prefix });
  assert.deepEqual(await v1.get(`custom_profiles/${profile.id}.json`, {}, { prefix }), { custom_profile: profile });
});

test('twitter-api-v2: pages through 45 profiles', async () => {
  const v1 = client();
  const media = await upload(v1);
  const created = [];
  for (let number = 0; number < 45; number += 1) created.unshift((await create(v1, `Profile ${number}`, media)).id);
  const pages = [];
  let cursor;
  do {
    const page = await v1.get('custom_profiles/list.json', { count: 20, cursor });
    pages.push(page.custom_profiles.map((profile) => profile.id));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  assert.deepEqual(pages.map((page) => page.length), [20, 20, 5]);
  assert.deepEqual(pages.flat(), created);
});

test('twitter-api-v2: destroys a profile as often as it likes', async () => {
  const v1 = client();
  const { id } = await create(v1, NAME, await upload(v1));
  await v1.delete('custom_profiles/destroy.json', { id });
  await v1.delete('custom_profiles/destroy.json', { id });
  assert.deepEqual(await v1.get('custom_profiles/list.json'), { custom_profiles: [] });
  await refused(v1.get(`custom_profiles/${id}.json`), 404, 34, 'Sorry, that page does not exist.');
});

test('twitter-api-v2: reads that the signature is wrong', async () => {
  const v1 = client({ ...ACCOUNTS.pop(), token_secret: 'wrong' });
  await refused(v1.get('custom_profiles/list.json'), 401, 32, 'Could not authenticate you.');
});

test('twitter-api-v2: reads that a name is too long', async () => {
  const v1 = client();
  const reason = 'custom_profile.name: must be at most 48 characters, got 53';
  await refused(create(v1, 'x'.repeat(53), await upload(v1)), 400, 214, reason);
});

test('twitter-api-v2: reads that a media id is unknown', async () => {
  await refused(create(client(), NAME, UNKNOWN), 400, 325, 'A media id was not found.');
});

test('twitter-api-v2: reads that a profile is unknown', async () => {
  await refused(client().get(`custom_profiles/${UNKNOWN}.json`), 404, 34, 'Sorry, that page does not exist.');
});

test('twitter-api-v2: writes under a profile and the other reads who wrote', async () => {
  const [shop, ann] = [person(), person()];
  const profile = await create(shop.v1, NAME, await upload(shop.v1));
  const sent = await say(shop, ann, 'Hello', { custom_profile_id: profile.id });
  const answer = await say(ann, shop, 'Who is it?');
  const expected = [[ann.id, undefined, 'Who is it?'], [shop.id, profile.id, 'Hello']];
  for (const { v1 } of [shop, ann]) assert.deepEqual((await v1.listDmEvents()).events.map(said), expected);
  assert.deepEqual(await ann.v1.getDmEvent(sent.id), { event: sent });
  assert.deepEqual(await shop.v1.getDmEvent(answer.id), { event: answer });
  assert.deepEqual(await ann.v1.get(`custom_profiles/${profile.id}.json`), { custom_profile: profile });
});

test('twitter-api-v2: reads which app a message of its own was sent with', async () => {
  const shop = person();
  const { event, apps } = await shop.v1.getDmEvent((await say(shop, shop, 'Hello')).id);
  const app = event.message_create.source_app_id;
  assert.deepEqual([Object.keys(apps), apps[app].name], [[app], 'clients']);
});

test('twitter-api-v2: sends a picture that only signed requests read', async () => {
  const [shop, ann] = [person(), person()];
  const attachment = { type: 'media', media: { id: await upload(shop.v1) } };
  const { event } = await ann.v1.getDmEvent((await say(shop, ann, 'Look', { attachment })).id);
  const bytes = await ann.v1.downloadDmImage(event);
  assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8]);
  assert.deepEqual(bytes, await shop.v1.downloadDmImage(event));
  const nobody = new TwitterApi(undefined, { httpAgent: agent }).v1;
  await assert.rejects(nobody.downloadDmImage(event), { code: 400 });
});

test('twitter-api-v2: pages through 45 messages', async () => {
  const [shop, ann] = [person(), person()];
  const sent = [];
  for (let number = 0; number < 45; number += 1) sent.unshift((await say(shop, ann, String(number))).id);
  const pages = await ann.v1.listDmEvents({ count: 20 });
  const lengths = [pages.events.length];
  while (!pages.done) lengths.push((await pages.fetchNext()).events.length);
  assert.deepEqual(lengths, [20, 40, 45]);
  assert.deepEqual(pages.events.map((event) => event.id), sent);
  const iterated = [];
  for await (const event of await ann.v1.listDmEvents({ count: 20 })) iterated.push(event.id);
  assert.deepEqual(iterated, sent);
});

test('twitter-api-v2: sends choices, buttons and places', async () => {
  const [shop, ann] = [person(), person()];
  const options = [{ label: 'Red', description: 'A bird', metadata: '1' }, { label: 'Blue', description: 'Another' }];
  const button = { type: 'web_url', label: 'Open', url: 'https://example.com/?a=b' };
  const place = { type: 'shared_place', shared_place: { place: { id: '07d9cd6afd884001' } } };
  const more = {
    quick_reply: { type: 'options', options }, ctas: [button], attachment: { type: 'location', location: place },
  };
  const { event } = await ann.v1.getDmEvent((await say(shop, ann, 'Choose', more)).id);
  const { entities, ...data } = event.message_create.message_data;
  assert.deepEqual(entities, { hashtags: [], symbols: [], user_mentions: [], urls: [] });
  assert.deepEqual(data, { text: 'Choose', ...more, ctas: [{ ...button, tco_url: button.url }] });
});

test('twitter-api-v2: destroys only its own copy of a message', async () => {
  const [shop, ann] = [person(), person()];
  const event = await say(shop, ann, 'Hello');
  await ann.v1.deleteDm(event.id);
  assert.deepEqual((await ann.v1.listDmEvents()).events, []);
  await refused(ann.v1.getDmEvent(event.id), 404, 34, 'Sorry, that page does not exist.');
  await refused(ann.v1.deleteDm(event.id), 404, 34, 'Sorry, that page does not exist.');
  assert.deepEqual(said((await shop.v1.getDmEvent(event.id)).event), said(event));
});

test('twitter-api-v2: marks a message as read and indicates typing', async () => {
  const [shop, ann] = [person(), person()];
  const { id } = await say(shop, ann, 'Hello');
  await ann.v1.markDmAsRead(id, shop.id);
  await ann.v1.indicateDmTyping(shop.id);
  await refused(shop.v1.markDmAsRead(id, ann.id), 404, 34, 'Sorry, that page does not exist.');
  await refused(shop.v1.indicateDmTyping(UNKNOWN), 403, 108, 'Cannot find specified user.');
});

test('twitter-api-v2: looks up other accounts', async () => {
  const [shop, ann] = [person(), person()];
  assert.equal((await shop.v1.user({ user_id: ann.id })).screen_name, ann.name);
  const users = await shop.v1.users({ user_id: [ann.id, shop.id] });
  assert.deepEqual(users.map((user) => user.screen_name).sort(), [ann.name, shop.name].sort());
  assert.deepEqual(await shop.v2.user(ann.id), { data: { id: ann.id, name: ann.name, username: ann.name } });
  await refused(shop.v1.user({ user_id: UNKNOWN }), 404, 50, 'User not found.');
});

test('twitter-api-v2: closes its box', async () => {
  const [shop, ann] = [person(), person()];
  assert.equal((await ann.v1.accountSettings()).allow_dms_from, 'all');
  assert.equal((await ann.v1.updateAccountSettings({ allow_dms_from: 'following' })).allow_dms_from, 'following');
  await refused(say(shop, ann, 'Hello'), 403, 349, 'You cannot send messages to this user.');
  await say(ann, shop, 'A question');
  await say(shop, ann, 'An answer');
});

test('twitter-api-v2: reads that a recipient is unknown', async () => {
  await refused(say(person(), { id: UNKNOWN }, 'Hello'), 403, 108, 'Cannot find specified user.');
});

test('twitter-api-v2: reads that a text is too long', async () => {
  const shop = person();
  const reason = 'The text of your direct message is over the max character limit.';
  await refused(say(shop, shop, 'x'.repeat(10_001)), 403, 354, reason);
});

test('twitter-api-v2: reads that a profile is destroyed', async () => {
  const [shop, ann] = [person(), person()];
  const { id } = await create(shop.v1, NAME, await upload(shop.v1));
  await shop.v1.delete('custom_profiles/destroy.json', { id });
  const reason = 'There was an error sending your message: the custom profile was destroyed.';
  await refused(say(shop, ann, 'Hello', { custom_profile_id: id }), 403, 151, reason);
  assert.deepEqual((await ann.v1.listDmEvents()).events, []);
});

// A request of a browser: its cookie goes along, and what it was answered comes back.
function browse(browser, method, path, fields) {
  const base = `https://localhost:${PORT}`;
  const headers = { accept: 'text/html', origin: base };
  if (browser.cookie) headers.cookie = browser.cookie;
  if (fields) headers['content-type'] = 'application/x-www-form-urlencoded';
  return new Promise((resolve, reject) => {
    const request = https.request(base + path, { method, headers }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => {
        const [cookie] = response.headers['set-cookie'] ?? [];
        if (cookie) [browser.cookie] = cookie.split(';');
        resolve({ to: response.headers.location, page: Buffer.concat(pieces).toString() });
      });
    });
    request.on('error', reject);
    request.end(fields && new URLSearchParams(fields).toString());
  });
}

function hidden(page) {
  const found = page.matchAll(/<input type="hidden" name="([a-z_]+)" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name, value]) => [name, value]));
}

// Signs somebody in and presses a button: where they are led to, or the PIN that they are shown.
async function decide(url, { name }, decision) {
  const browser = {};
  const { pathname, search } = new URL(url);
  await browse(browser, 'POST', '/sign-in', { name, password: process.env.GUISE_PASSWORD });
  let { to, page } = await browse(browser, 'GET', pathname + search);
  if (!to) ({ to, page } = await browse(browser, 'POST', '/oauth/authorize', { ...hidden(page), decision }));
  return to ?? page.match(/<output>([0-9]{7})<\/output>/)[1];
}

function app(more = {}) {
  const [{ consumer_key: appKey, consumer_secret: appSecret }] = ACCOUNTS;
  return new TwitterApi({ appKey, appSecret, ...more }, { httpAgent: agent });
}

test('twitter-api-v2: walks three legs with a PIN', async () => {
  const who = PEOPLE[0];
  const link = await app().generateAuthLink('oob', { linkMode: 'authorize', authAccessType: 'read' });
  const pin = await decide(link.url, who, 'allow');
  const asked = app({ accessToken: link.oauth_token, accessSecret: link.oauth_token_secret });
  await refused(asked.login(pin === '0000000' ? '1111111' : '0000000'), 401, 89, 'Invalid or expired token.');
  const given = await asked.login(pin);
  assert.deepEqual([given.userId, given.screenName], [who.id, who.name]);
  assert.equal((await given.client.v1.verifyCredentials()).screen_name, who.name);
  await refused(asked.login(pin), 401, 89, 'Invalid or expired token.');
});

test('twitter-api-v2: walks three legs with a callback, or is refused', async () => {
  const who = PEOPLE[1];
  for (const decision of ['refuse', 'allow', 'nobody asks']) {
    const link = await app().generateAuthLink(`${DONE}?a=b`, { forceLogin: true, screenName: who.name });
    const led = new URL(await decide(link.url, who, decision));
    assert.equal(led.origin + led.pathname, DONE);
    if (decision === 'refuse') {
      assert.deepEqual([...led.searchParams], [['a', 'b'], ['denied', link.oauth_token]]);
    } else {
      assert.equal(led.searchParams.get('oauth_token'), link.oauth_token);
      const asked = app({ accessToken: link.oauth_token, accessSecret: link.oauth_token_secret });
      assert.equal((await asked.login(led.searchParams.get('oauth_verifier'))).screenName, who.name);
    }
  }
  await assert.rejects(app().generateAuthLink('https://evil.example/'), { code: 403 });
});

test('twitter-api-v2: reads for itself with a bearer token', async () => {
  const { v1, v2 } = await app().appLogin();
  const { id, name } = person();
  assert.equal((await v1.user({ user_id: id })).screen_name, name);
  assert.deepEqual(await v2.user(id), { data: { id, name, username: name } });
  await refused(v1.listDmEvents(), 403, 220, 'Your credentials do not allow access to this resource.');
});
