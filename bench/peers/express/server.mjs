// Custom profiles as most people would write them: Express, better-sqlite3, OAuth 1.0a verified with oauth-1.0a, one
// commit for each request. ACCOUNTS names a file of accounts with their keys; the database is made in the folder DATA.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import Database from 'better-sqlite3';
import express from 'express';
import OAuth from 'oauth-1.0a';

const SKEW_SECONDS = 900;
const PAGE_MAX = 50;

const accounts = new Map(JSON.parse(readFileSync(process.env.ACCOUNTS)).map((account) => [account.token, account]));
const oauths = new Map();

const db = new Database(path.join(process.env.DATA, 'profiles.db'));
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`
  CREATE TABLE IF NOT EXISTS uploads (id INTEGER PRIMARY KEY, account TEXT NOT NULL, bytes BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS profiles (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, avatar INTEGER NOT NULL, created INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS profiles_of ON profiles (account, id);
  CREATE TABLE IF NOT EXISTS nonces (
    token TEXT, timestamp INTEGER, nonce TEXT, PRIMARY KEY (token, timestamp, nonce)) WITHOUT ROWID;
`);
const addNonce = db.prepare('INSERT OR IGNORE INTO nonces VALUES (?, ?, ?)');
const forgetNonces = db.prepare('DELETE FROM nonces WHERE timestamp < ?');
const addUpload = db.prepare('INSERT INTO uploads (account, bytes) VALUES (?, ?)');
const findUpload = db.prepare('SELECT 1 FROM uploads WHERE id = ? AND account = ?');
const addProfile = db.prepare('INSERT INTO profiles (account, name, avatar, created) VALUES (?, ?, ?, ?) RETURNING *');
const findProfile = db.prepare('SELECT * FROM profiles WHERE id = ? AND account = ?');
const listProfiles = db.prepare('SELECT * FROM profiles WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?');

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

function oauthOf(account) {
  const key = account.consumer_key;
  if (!oauths.has(key)) {
    oauths.set(key, new OAuth({
      consumer: { key, secret: account.consumer_secret },
      signature_method: 'HMAC-SHA1',
      hash_function: (text, secret) => createHmac('sha1', secret).update(text).digest('base64'),
    }));
  }
  return oauths.get(key);
}

// Who signed a request. Bodies are JSON or multipart, and so are not signed.
function signed(request, _response, next) {
  const header = request.get('authorization') ?? '';
  const claimed = Object.fromEntries(
    [...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, decodeURIComponent(value)]),
  );
  const { oauth_signature: signature = '', ...oauth } = claimed;
  const account = accounts.get(oauth.oauth_token);
  const late = Math.abs(Date.now() / 1000 - Number(oauth.oauth_timestamp));
  if (!account || account.consumer_key !== oauth.oauth_consumer_key || !(late <= SKEW_SECONDS)) {
    throw new Refusal(401, 32, 'Could not authenticate you.');
  }
  const url = `${request.protocol}://${request.get('host')}${request.originalUrl}`;
  const expected = oauthOf(account).getSignature({ url, method: request.method, data: {} }, account.token_secret, oauth);
  const [one, other] = [Buffer.from(signature), Buffer.from(expected)];
  if (one.length !== other.length || !timingSafeEqual(one, other)) {
    throw new Refusal(401, 32, 'Could not authenticate you.');
  }
  Object.assign(request, { account, oauth });
  next();
}

// A step with the request's nonce beside it: both are kept, or neither.
const once = db.transaction((request, step) => {
  const { oauth_token: token, oauth_timestamp: timestamp, oauth_nonce: nonce } = request.oauth;
  if (addNonce.run(token, Number(timestamp), nonce).changes === 0) {
    throw new Refusal(401, 32, 'Could not authenticate you.');
  }
  return step();
});

function profileOut(request, row) {
  const url = `${request.protocol}://${request.get('host')}/media/${row.avatar}.jpg`;
  return { id: String(row.id), created_timestamp: String(row.created), name: row.name, avatar: { media: { url } } };
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');

app.post('/1.1/media/upload.json', signed, express.raw({ type: () => true, limit: '6mb' }), (request, response) => {
  const { lastInsertRowid: id } = once(request, () => addUpload.run(request.account.token, request.body));
  response.json({ media_id: Number(id), media_id_string: String(id) });
});

app.post('/1.1/custom_profiles/new.json', signed, express.json({ limit: '64kb' }), (request, response) => {
  const { name, avatar } = request.body?.custom_profile ?? {};
  const media = avatar?.media?.id;
  if (typeof name !== 'string' || name.trim() === '' || [...name].length > 48) {
    throw new Refusal(400, 214, 'custom_profile.name: must be 1 to 48 characters');
  }
  const { token } = request.account;
  const made = once(request, () => {
    if (!findUpload.get(Number(media), token)) throw new Refusal(400, 325, 'A media id was not found.');
    return addProfile.get(token, name.trim(), Number(media), Date.now());
  });
  response.json({ custom_profile: profileOut(request, made) });
});

app.get('/1.1/custom_profiles/list.json', signed, (request, response) => {
  const count = Math.min(Number(request.query.count ?? 20), PAGE_MAX) || 20;
  const before = Number(request.query.cursor ?? Number.MAX_SAFE_INTEGER);
  const rows = listProfiles.all(request.account.token, before, count + 1);
  const page = { custom_profiles: rows.slice(0, count).map((row) => profileOut(request, row)) };
  if (rows.length > count) page.next_cursor = String(rows[count - 1].id);
  response.json(page);
});

app.get(['/1.1/custom_profiles/show.json', '/1.1/custom_profiles/:id.json'], signed, (request, response) => {
  const found = findProfile.get(Number(request.params.id ?? request.query.id), request.account.token);
  if (!found) throw new Refusal(404, 34, 'Sorry, that page does not exist.');
  response.json({ custom_profile: profileOut(request, found) });
});

app.get('/healthz', (_request, response) => response.send('ok\n'));

// Express takes a handler of four for that of failures.
app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).json({ errors: [{ code: error.code ?? 131, message: error.message }] });
});

setInterval(() => forgetNonces.run(Math.floor(Date.now() / 1000) - 2 * SKEW_SECONDS), 60_000).unref();
app.listen(Number(process.env.PORT), '127.0.0.1');
