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
const NAME = 'Jon C, Partner Engineer';
const UNKNOWN = '100001';

class LocalAgent extends https.Agent {
  createConnection(options) {
    return tls.connect({ ...options, host: '127.0.0.1', port: PORT, servername: options.servername ?? options.host });
  }
}

const agent = new LocalAgent({ keepAlive: false });

function client(keys = ACCOUNTS.pop()) {
  return new TwitterApi({
    appKey: keys.consumer_key,
    appSecret: keys.consumer_secret,
    accessToken: keys.token,
    accessSecret: keys.token_secret,
  }, { httpAgent: agent }).v1;
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
