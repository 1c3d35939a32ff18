"""PyTweet, pointed at the server with two attributes. It alone has a method of its own for custom profiles.

That method reads `avatar.type`, which the documented answer lacks: the server runs with `compat.avatar_type`.
PyTweet uploads in segments only. It sends with a method of its own, and asks for the recipient with the app's bearer
token; what that method cannot say, and what is read, goes through its method of requests.
"""

import os
import tempfile

import pictures
import pytweet
import requests
from scenarios import NAME


class Client:
    NAME = "PyTweet"
    SETTINGS = {"GUISE_COMPAT_AVATAR_TYPE": "true"}

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        self.api = pytweet.Client(
            server.bearer(), consumer_key=keys["consumer_key"], consumer_key_secret=keys["consumer_secret"],
            access_token=keys["token"], access_token_secret=keys["token_secret"],
        )
        self.api.http.base_url = f"https://{server.https}/"
        self.api.http.upload_url = f"https://{server.https}/1.1/media/upload.json"

    def with_secret(self, secret):
        return Client(self.server, self.keys | {"token_secret": secret})

    def upload(self, picture):
        with _file(picture) as file:
            media = self.api.http.upload(file, "INIT")
            self.api.http.upload(file, "APPEND", media_id=media)
            self.api.http.upload(file, "FINALIZE", media_id=media)
        return media

    upload_in_segments = upload

    def create(self, name, media):
        profile = {"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}}
        return self._call("POST", "new", json=profile)["custom_profile"]

    def create_with_its_own_method(self, name, picture):
        with _file(picture) as file:
            return self.api.create_custom_profile(name, file)

    def show(self, profile):
        return self._call("GET", profile)["custom_profile"]

    def page(self, count, cursor):
        return self._call("GET", "list", params={"count": count} | ({"cursor": cursor} if cursor else {}))

    def destroy(self, profile):
        self._call("DELETE", "destroy", params={"id": profile})

    def send(self, recipient, text, profile=None, media=None):
        message = {"target": {"recipient_id": recipient}, "message_data": {"text": text}}
        if profile:
            message["message_data"]["custom_profile_id"] = profile
        if media:
            message["message_data"]["attachment"] = {"type": "media", "media": {"id": media}}
        event = {"event": {"type": "message_create", "message_create": message}}
        return self._message("POST", "events/new", json=event)["event"]

    def inbox(self, count, cursor):
        page = self._message("GET", "events/list", params={"count": count} | ({"cursor": cursor} if cursor else {}))
        return page["events"], page.get("next_cursor")

    def message(self, event):
        return self._message("GET", "events/show", params={"id": event})["event"]

    def remove(self, event):
        message = {"event": {"id": event, "message_create": {"message_data": {}}}}
        pytweet.DirectMessage(message, http_client=self.api.http).delete()

    def read(self, event, sender):
        self._message("POST", "mark_read", params={"last_read_event_id": event, "recipient_id": sender})

    def type_to(self, recipient):
        pytweet.User({"id": recipient}, self.api.http).trigger_typing()

    def download(self, url):
        session = pytweet.OauthSession(self.keys["consumer_key"], self.keys["consumer_secret"])
        session.set_access_token(self.keys["token"], self.keys["token_secret"])
        return requests.get(url, auth=session.oauth1, timeout=60)

    def user(self, account):
        return self.api.http.request("GET", "1.1", "/users/show.json", params={"user_id": account}, auth=True)

    def users(self, accounts):
        # Its method of requests reads objects only, and this answer is a list.
        return [self.user(account) for account in accounts]

    def refusal(self, action):
        try:
            action()
        except pytweet.HTTPException as error:
            return error.res.status_code, error.res.json()["errors"][0]["code"], error.message
        raise AssertionError("nothing was refused")

    def _call(self, method, what, **how):
        return self.api.http.request(method, "1.1", f"/custom_profiles/{what}.json", auth=True, **how)

    def _message(self, method, what, **how):
        return self.api.http.request(method, "1.1", f"/direct_messages/{what}.json", auth=True, **how)


def creates_a_profile_with_its_own_method(client):
    profile = client.create_with_its_own_method(NAME, pictures.small())
    assert profile.name == NAME
    assert client.show(profile.id)["id"] == str(profile.id)


def sends_with_its_own_method_and_asks_for_the_recipient(client):
    other = Client(client.server, client.server.newcomer())
    profile = client.create_with_its_own_method(NAME, pictures.small())
    choices = pytweet.QuickReply().add_option(label="Red", metadata="1").add_option(label="Blue")
    buttons = pytweet.CTA().add_button(label="Open", url="https://example.com/")
    recipient = pytweet.User({"id": other.keys["id"]}, client.api.http)
    with _file(pictures.small()) as file:
        sent = recipient.send("Look", file=file, custom_profile=profile, quick_reply=choices, cta=buttons)
    assert (sent.text, sent.recipient.username) == ("Look", f"@{other.keys['name']}")
    (event,), _ = other.inbox(20, None)
    assert event["message_create"]["custom_profile_id"] == str(profile.id)
    assert event["message_create"]["message_data"]["attachment"]["type"] == "media"
    message = pytweet.DirectMessage({"event": event}, http_client=other.api.http)
    assert message.text == "Look"
    assert [(option.label, option.metadata) for option in message.quick_reply.options] == [("Red", "1"), ("Blue", None)]
    assert [button.url for button in message.cta.buttons] == ["https://example.com/"]


def asks_for_an_account_of_the_next_version(client):
    other = client.server.newcomer()
    for signed in (True, False):
        answer = client.api.http.request("GET", "2", f"/users/{other['id']}", auth=signed)
        assert answer == {"data": {"id": other["id"], "name": other["name"], "username": other["name"]}}


Client.OWN = [
    creates_a_profile_with_its_own_method, sends_with_its_own_method_and_asks_for_the_recipient,
    asks_for_an_account_of_the_next_version,
]


class _file:
    """A picture as a file on disk, which is all that PyTweet takes."""

    def __init__(self, picture):
        self.picture = picture

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "face.png")
        with open(path, "wb") as file:
            file.write(self.picture)
        return pytweet.File(path, dm_only=True)

    def __exit__(self, *_):
        self.folder.cleanup()
