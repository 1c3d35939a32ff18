"""Signed requests over a connection of one's own, and what came of them."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import time
from urllib.parse import parse_qsl, quote, urlsplit

TIMEOUT_SECONDS = 90
JSON = "application/json"


class Cut(Exception):
    """No answer came: what the request did is not known."""


class Answer:
    """What came back. `node` is whom the proxy asked, if it says so."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The API's code of a refusal."""
        try:
            return self.json["errors"][0]["code"]
        except (ValueError, LookupError, TypeError):
            return None

    def __str__(self):
        return f"{self.status} {self.body[:200].decode(errors='replace')}"


def _escape(text):
    return quote(str(text), safe="~")


def signed(account, method, url):
    """The header that signs a request for an account, whose body is no form."""
    oauth = {
        "oauth_consumer_key": account["consumer_key"],
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": account["token"],
        "oauth_version": "1.0",
    }
    parts = urlsplit(url)
    everything = [*oauth.items(), *parse_qsl(parts.query, keep_blank_values=True)]
    parameters = "&".join(f"{name}={value}" for name, value in sorted((_escape(n), _escape(v)) for n, v in everything))
    text = "&".join(map(_escape, (method, f"{parts.scheme}://{parts.netloc}{parts.path}", parameters)))
    key = f"{_escape(account['consumer_secret'])}&{_escape(account['token_secret'])}"
    oauth["oauth_signature"] = base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha1)).decode()
    return "OAuth " + ", ".join(f'{name}="{_escape(value)}"' for name, value in oauth.items())


class Client:
    """One connection to a server, kept while it lasts. Every request is sent once, with a nonce of its own."""

    def __init__(self, port, host="127.0.0.1"):
        self.address = f"{host}:{port}"
        self.connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)

    def ask(self, method, path, account=None, body=None, content_type=JSON, headers=()):
        """Sends one request.

        Raises Cut when no answer came.
        """
        told = dict(headers)
        if account:
            told["authorization"] = signed(account, method, f"http://{self.address}{path}")
        if body is not None:
            told["content-type"] = content_type
        try:
            self.connection.request(method, path, body, told)
            answer = self.connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Cut(repr(error)) from error

    def get(self, path, account=None):
        return self.ask("GET", path, account)

    def create(self, account, name, media, headers=()):
        """Makes a profile."""
        profile = {"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}}
        return self.ask("POST", "/1.1/custom_profiles/new.json", account, json.dumps(profile), headers=headers)

    def send(self, account, recipient, text, profile, headers=()):
        """Sends a message under a profile."""
        message = {
            "target": {"recipient_id": recipient}, "custom_profile_id": profile, "message_data": {"text": text},
        }
        event = {"event": {"type": "message_create", "message_create": message}}
        return self.ask("POST", "/1.1/direct_messages/events/new.json", account, json.dumps(event), headers=headers)

    def upload(self, account, picture, headers=()):
        """Uploads a picture."""
        edge = secrets.token_hex(16)
        head = f'--{edge}\r\ncontent-disposition: form-data; name="media"; filename="face.png"\r\n\r\n'
        body = head.encode() + picture + f"\r\n--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        return self.ask("POST", "/1.1/media/upload.json", account, body, kind, headers)

    def pages(self, path, account, members):
        """Everything of a list, page by page."""
        found, cursor = [], ""
        while True:
            answer = self.get(f"{path}?count=50{cursor}", account)
            if answer.status != 200:
                raise AssertionError(f"{path} on {self.address} answered {answer}")
            page = answer.json
            found += page[members]
            if "next_cursor" not in page or page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"
