"""What an account has to have so that requests can succeed: uploads, profiles and messages of its own."""

import base64
from urllib.parse import urlsplit

import pictures
import requests
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth1

# What is there to be destroyed.
SPARE = 12
UPLOADS = 2
# Room for every segment that is appended.
OPEN_BYTES = 15 * 1024 * 1024
# Whose id is nobody's.
NOBODY = "1"


class Auth(requests.auth.AuthBase):
    """How each request is proven: by an account's app, by an app alone, or with an app's secret."""

    def __init__(self, person):
        keys = person["consumer_key"], person["consumer_secret"]
        self.account = OAuth1(*keys, person["token"], person["token_secret"])
        self.app, self.secret = OAuth1(*keys), HTTPBasicAuth(*keys)

    def __call__(self, request):
        path = urlsplit(request.url).path
        if path.startswith("/oauth2/"):
            return self.secret(request)
        return (self.app if path.startswith("/oauth/") else self.account)(request)


class Seeds:
    """Makes all of it on `server`, for an account and another that it exchanges messages with."""

    def __init__(self, server):
        self.url = f"http://{server.http}"
        me = server.newcomer(own_app=True)
        self.auth, self.other_auth = Auth(me), Auth(server.newcomer())
        self.me, self.other = (self._account(who) for who in (self.auth, self.other_auth))
        self.bearer, self.picture = server.bearer(me), pictures.small()
        shared = self._picture(shared="true")
        profile = self._profile()
        sent = self._send(self.other, profile, {"attachment": {"type": "media", "media": {"id": shared}}})
        text = f"@{self.other['screen_name']} #tag $TAG https://example.com"
        received = self._send(self.me, None, {"text": text}, self.other_auth)
        opened, *complete = self._init(OPEN_BYTES), *(self._complete() for _ in range(UPLOADS))
        self.media_url = sent["message_create"]["message_data"]["attachment"]["media"]["media_url"]
        # Each kind as a text and, where that is taken, as a number; one that does not exist where that is documented.
        self.ids = {
            "AccountId": [self.other["id_str"], self.other["id"]],
            "AccountIds": [self.other["id_str"], f"{self.me['id']}, {NOBODY}"],
            "MediaId": [shared, int(shared)],
            "MessageId": [received["id"], int(sent["id"]), NOBODY],
            "SpareMessageId": [self._send(self.other, profile, {"text": text})["id"] for _ in range(SPARE)],
            "OpenUploadId": [opened, int(opened)],
            "ProfileId": [profile, int(profile), NOBODY],
            "SpareProfileId": [self._profile() for _ in range(SPARE)],
            "UploadId": [*complete, int(complete[0])],
        }

        self.request = self._get("account/verify_credentials", self.auth).headers["x-transaction-id"]

    def base64(self):
        return base64.b64encode(self.picture).decode()

    def _account(self, who):
        return self._get("account/verify_credentials", who).json()

    def _get(self, path, who):
        answer = requests.get(f"{self.url}/1.1/{path}.json", auth=who)
        answer.raise_for_status()
        return answer

    def _post(self, path, who=None, **body):
        answer = requests.post(f"{self.url}/1.1/{path}.json", auth=who or self.auth, **body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _picture(self, **fields):
        return self._post("media/upload", files={"media": self.picture}, data=fields)["media_id_string"]

    def _profile(self):
        avatar = {"media": {"id": self._picture()}}
        body = {"custom_profile": {"name": "Jon C, Partner Engineer", "avatar": avatar}}
        return self._post("custom_profiles/new", json=body)["custom_profile"]["id"]

    def _send(self, recipient, profile, data, who=None):
        target = {"recipient_id": recipient["id_str"]}
        message = {"target": target, "message_data": data, "custom_profile_id": profile}
        event = {"type": "message_create", "message_create": message}
        return self._post("direct_messages/events/new", who, json={"event": event})["event"]

    def _init(self, total_bytes):
        fields = {"command": "INIT", "total_bytes": total_bytes, "media_type": "image/png"}
        return self._post("media/upload", data=fields)["media_id_string"]

    def _complete(self):
        """An upload that has all its bytes and waits for FINALIZE."""
        upload = self._init(len(self.picture))
        fields = {"command": "APPEND", "media_id": upload, "segment_index": 0}
        self._post("media/upload", data=fields, files={"media": self.picture})
        return upload
