// An app as its makers write one: it signs its requests, and comes by its tokens in three legs.

import { createHmac, randomBytes } from "node:crypto";

const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The app with these keys; a token is what the server answered it with. */
export function client(url, { consumer_key, consumer_secret }) {
  /** The headers of a request without a body, signed by `token` if there is one; `form` is what else is signed. */
  function signed(method, path, token, more = {}, form = "") {
    const parameters = {
      oauth_consumer_key: consumer_key,
      oauth_nonce: randomBytes(16).toString("hex"),
      oauth_signature_method: "HMAC-SHA1",
      oauth_timestamp: String(Math.floor(Date.now() / 1000)),
      oauth_version: "1.0",
      ...(token && { oauth_token: token.oauth_token }),
      ...more,
    };
    const pairs = Object.entries(parameters).map((pair) => pair.map(encode));
    const others = [...new URLSearchParams(form)].map((pair) => pair.map(encode));
    const sorted = [...pairs, ...others].map((pair) => pair.join("=")).sort().join("&");
    const base = [method, url + path, sorted].map(encode).join("&");
    const key = [consumer_secret, token?.oauth_token_secret ?? ""].map(encode).join("&");
    const signature = createHmac("sha1", key).update(base).digest("base64");
    const header = [...pairs, ["oauth_signature", encode(signature)]];
    return { authorization: `OAuth ${header.map(([name, value]) => `${name}="${value}"`).join(", ")}` };
  }

  /** Sends one. */
  function call(method, path, token, more) {
    return fetch(url + path, { method, headers: signed(method, path, token, more) });
  }

  async function form(answer) {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    return Object.fromEntries(new URLSearchParams(text));
  }

  return {
    signed,
    call,
    /** The first leg: a request token, for whose page the account decides. */
    async ask(callback) {
      const more = { oauth_callback: callback };
      return form(await call("POST", "/oauth/request_token", undefined, more));
    },
    /** The third leg: the token of the account that allowed it. */
    async exchange(request, verifier) {
      const more = { oauth_verifier: verifier };
      return form(await call("POST", "/oauth/access_token", request, more));
    },
    /** Whom a token acts for: the name, or the status and code of a refusal. */
    async whoami(token) {
      const answer = await call("GET", "/1.1/account/verify_credentials.json", token);
      const body = await answer.json();
      return answer.ok ? body.screen_name : [answer.status, body.errors[0].code];
    },
  };
}
