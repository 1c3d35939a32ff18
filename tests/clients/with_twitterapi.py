"""TwitterAPI, pointed at the server with its module's PROTOCOL and DOMAIN: the one client here that speaks plain HTTP."""

import json
import sys

import requests
from TwitterAPI import TwitterAPI, TwitterPager, TwitterRequestError

module = sys.modules["TwitterAPI.TwitterAPI"]
module.ENDPOINTS |= {
    "custom_profiles/new": ("POST", "api"),
    "custom_profiles/:PARAM": ("GET", "api"),
    "custom_profiles/list": ("GET", "api"),
    "custom_profiles/destroy": ("DELETE", "api"),
    "direct_messages/mark_read": ("POST", "api"),
}
TwitterAPI.REST_TIMEOUT = 60
SEGMENT_BYTES = 1 << 20


class Client:
    NAME = "TwitterAPI"
    SETTINGS = {}

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        module.PROTOCOL, module.DOMAIN = "http", server.http
        self.api = TwitterAPI(keys["consumer_key"], keys["consumer_secret"], keys["token"], keys["token_secret"])

    def with_secret(self, secret):
        return Client(self.server, self.keys | {"token_secret": secret})

    def upload(self, picture):
        return self._call("media/upload", None, {"media": picture}).json()["media_id_string"]

    def upload_in_segments(self, picture):
        begin = {"command": "INIT", "total_bytes": len(picture), "media_type": "image/png", "media_category": "DmImage"}
        media = self._call("media/upload", begin).json()["media_id_string"]
        for index, start in enumerate(range(0, len(picture), SEGMENT_BYTES)):
            segment = {"command": "APPEND", "media_id": media, "segment_index": index}
            self._call("media/upload", segment, {"media": picture[start:start + SEGMENT_BYTES]})
        return self._call("media/upload", {"command": "FINALIZE", "media_id": media}).json()["media_id_string"]

    def create(self, name, media):
        profile = {"custom_profile": {"name": name, "avatar": {"media": {"id": int(media)}}}}
        return self._call("custom_profiles/new", json.dumps(profile)).json()["custom_profile"]

    def show(self, profile):
        return self._call(f"custom_profiles/:{profile}").json()["custom_profile"]

    def page(self, count, cursor):
        return self._call("custom_profiles/list", {"count": count} | ({"cursor": cursor} if cursor else {})).json()

    def destroy(self, profile):
        self._call("custom_profiles/destroy", {"id": profile})

    def send(self, recipient, text, profile=None, media=None):
        message = {"target": {"recipient_id": recipient}, "message_data": {"text": text}}
        if profile:
            message["custom_profile_id"] = profile
        if media:
            message["message_data"]["attachment"] = {"type": "media", "media": {"id": media}}
        event = {"event": {"type": "message_create", "message_create": message}}
        return self._call("direct_messages/events/new", json.dumps(event)).json()["event"]

    def inbox(self, count, cursor):
        page = self._call("direct_messages/events/list", {"count": count} | ({"cursor": cursor} if cursor else {})).json()
        return page["events"], page.get("next_cursor")

    def message(self, event):
        return self._call("direct_messages/events/show", {"id": event}).json()["event"]

    def remove(self, event):
        self._call("direct_messages/events/destroy", {"id": event})

    def read(self, event, sender):
        self._call("direct_messages/mark_read", {"last_read_event_id": event, "recipient_id": sender})

    def type_to(self, recipient):
        self._call("direct_messages/indicate_typing", {"recipient_id": recipient})

    def download(self, url):
        return requests.get(url, auth=self.api.auth, timeout=60)

    def user(self, account):
        return self._call("users/show", {"user_id": account}).json()

    def users(self, accounts):
        return self._call("users/lookup", {"user_id": ",".join(accounts)}).json()

    def refusal(self, action):
        try:
            action()
        except TwitterRequestError as error:
            told = json.loads(error.msg)["errors"][0]
            return error.status_code, told["code"], told["message"]
        raise AssertionError("nothing was refused")

    def _call(self, resource, params=None, files=None):
        answer = self.api.request(resource, params, files)
        if answer.status_code >= 400:
            answer.get_iterator()
        return answer


def pages_with_its_own_pager(client):
    sent = [client.send(client.keys["id"], str(number))["id"] for number in range(45)]
    pages = []
    for page in TwitterPager(client.api, "direct_messages/events/list", {"count": 20}).get_iterator(wait=0):
        pages.append([event["id"] for event in page["events"]])
        # Without a cursor the pager asks for the same page again, and so for ever.
        if "next_cursor" not in page:
            break
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sum(pages, []) == sent[::-1]


def looks_up_with_a_bearer_token(client):
    keys, bearers = client.keys, sys.modules["TwitterAPI.BearerAuth"]
    bearers.PROTOCOL, bearers.DOMAIN = "http", client.server.http
    api = TwitterAPI(keys["consumer_key"], keys["consumer_secret"], auth_type="oAuth2")
    assert api.request("users/show", {"screen_name": keys["name"]}).json()["id_str"] == keys["id"]
    assert api.request("direct_messages/events/list").status_code == 403


Client.OWN = [pages_with_its_own_pager, looks_up_with_a_bearer_token]
