"""twython, pointed at the server with `api_url`; its uploads go to upload.twitter.com whatever one says, see names.py."""

import io

from guise import DONE
from scenarios import refused
from twython import Twython, TwythonError


class Client:
    NAME = "twython"
    SETTINGS = {}

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        self.api = Twython(keys["consumer_key"], keys["consumer_secret"], keys["token"], keys["token_secret"])
        self.api.api_url = f"https://{server.https}/%s"

    def with_secret(self, secret):
        return Client(self.server, self.keys | {"token_secret": secret})

    def upload(self, picture):
        return self.api.upload_media(media=io.BytesIO(picture))["media_id_string"]

    def upload_in_segments(self, picture):
        return self.api.upload_video(io.BytesIO(picture), "image/png", "dm_image")["media_id_string"]

    def create(self, name, media):
        profile = {"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}}
        return self.api.post("custom_profiles/new", profile, json_encoded=True)["custom_profile"]

    def show(self, profile):
        return self.api.get(f"custom_profiles/{profile}")["custom_profile"]

    def page(self, count, cursor):
        return self.api.get("custom_profiles/list", {"count": count} | ({"cursor": cursor} if cursor else {}))

    def destroy(self, profile):
        self.api.delete("custom_profiles/destroy", {"id": profile})

    def send(self, recipient, text, profile=None, media=None):
        message = {"target": {"recipient_id": recipient}, "message_data": {"text": text}}
        if profile:
            message["custom_profile_id"] = profile
        if media:
            message["message_data"]["attachment"] = {"type": "media", "media": {"id": media}}
        return self.api.send_direct_message(event={"type": "message_create", "message_create": message})["event"]

    def inbox(self, count, cursor):
        page = self.api.get_direct_messages(count=count, **({"cursor": cursor} if cursor else {}))
        return page["events"], page.get("next_cursor")

    def message(self, event):
        return self.api.get_direct_message(id=event)["event"]

    def remove(self, event):
        self.api.destroy_direct_message(id=event)

    # For these two the library has no method of its own.
    def read(self, event, sender):
        self.api.post("direct_messages/mark_read", {"last_read_event_id": event, "recipient_id": sender})

    def type_to(self, recipient):
        self.api.post("direct_messages/indicate_typing", {"recipient_id": recipient})

    def download(self, url):
        return self.api.client.get(url, timeout=60)

    def user(self, account):
        return self.api.show_user(user_id=account)

    def users(self, accounts):
        return self.api.lookup_user(user_id=",".join(accounts))

    def refusal(self, action):
        try:
            action()
        except TwythonError as error:
            # The library gives its user the status and the message, but not the code.
            return error.error_code, None, str(error)
        raise AssertionError("nothing was refused")


def closes_its_box_to_one_and_to_all(client):
    other = Client(client.server, client.server.newcomer())
    closed = (403, 349, "You cannot send messages to this user.")

    def write():
        other.send(client.keys["id"], "Hello")

    assert client.api.create_block(user_id=other.keys["id"])["screen_name"] == other.keys["name"]
    assert client.api.list_block_ids()["ids"] == [int(other.keys["id"])]
    refused(other, write, *closed)
    client.api.destroy_block(screen_name=other.keys["name"])
    write()
    assert client.api.update_account_settings(allow_dms_from="following")["allow_dms_from"] == "following"
    assert client.api.get_account_settings()["allow_dms_from"] == "following"
    refused(other, write, *closed)


def walks_three_legs_with_get(client):
    keys, person = client.keys, client.server.may_sign_in(client.keys)
    for callback in (None, DONE):
        app = Twython(keys["consumer_key"], keys["consumer_secret"])
        asked = app.get_authentication_tokens(callback_url=callback)
        answer = client.server.decide(asked["auth_url"], person, "allow")
        verifier = answer.rpartition("=")[2]
        app = Twython(
            keys["consumer_key"], keys["consumer_secret"], asked["oauth_token"], asked["oauth_token_secret"]
        )
        given = app.get_authorized_tokens(verifier)
        assert (given["user_id"], given["screen_name"]) == (keys["id"], keys["name"])
        refused(client, lambda: app.get_authorized_tokens(verifier), 401, 89, "")


def looks_up_with_a_bearer_token(client):
    keys = client.keys
    bearer = Twython(keys["consumer_key"], keys["consumer_secret"], oauth_version=2).obtain_access_token()
    api = Twython(keys["consumer_key"], access_token=bearer)
    assert api.show_user(screen_name=keys["name"])["id_str"] == keys["id"]
    refused(client, lambda: api.get_direct_messages(), 403, 220, "")


Client.OWN = [closes_its_box_to_one_and_to_all, walks_three_legs_with_get, looks_up_with_a_bearer_token]
