"""tweepy, pointed at the server with `host` and `upload_host`."""

import io

import requests
import tweepy
from guise import DONE
from requests_oauthlib import OAuth1Session
from tweepy.parsers import JSONParser


class Client:
    NAME = "tweepy"
    SETTINGS = {}

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        auth = tweepy.OAuth1UserHandler(
            keys["consumer_key"], keys["consumer_secret"], keys["token"], keys["token_secret"]
        )
        self.api = tweepy.API(auth, host=server.https, upload_host=server.https)

    def with_secret(self, secret):
        return Client(self.server, self.keys | {"token_secret": secret})

    def upload(self, picture):
        return self.api.media_upload("face.png", file=io.BytesIO(picture)).media_id_string

    def upload_in_segments(self, picture):
        file = io.BytesIO(picture)
        return self.api.chunked_upload(
            "face.png", file=file, file_type="image/png", media_category="dm_image"
        ).media_id_string

    def create(self, name, media):
        profile = {"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}}
        return self._json("POST", "custom_profiles/new", json_payload=profile)["custom_profile"]

    def show(self, profile):
        return self._json("GET", f"custom_profiles/{profile}")["custom_profile"]

    def page(self, count, cursor):
        return self._json("GET", "custom_profiles/list", params={"count": count} | ({"cursor": cursor} if cursor else {}))

    def destroy(self, profile):
        self.api.request("DELETE", "custom_profiles/destroy", params={"id": profile})

    def send(self, recipient, text, profile=None, media=None):
        if profile is None:
            attachment = "media" if media else None
            return self.api.send_direct_message(
                recipient, text, attachment_type=attachment, attachment_media_id=media
            )._json
        # The method has no parameter for a profile, so what it does is done here.
        message = {"target": {"recipient_id": recipient}, "message_data": {"text": text}, "custom_profile_id": profile}
        if media:
            message["message_data"]["attachment"] = {"type": "media", "media": {"id": media}}
        event = {"event": {"type": "message_create", "message_create": message}}
        sent = self.api.request(
            "POST", "direct_messages/events/new", json_payload=event, payload_type="direct_message"
        )
        return sent._json

    def inbox(self, count, cursor):
        answer = self.api.get_direct_messages(count=count, cursor=cursor, return_cursors=True)
        events, cursor = answer if isinstance(answer, tuple) else (answer, None)
        return [event._json for event in events], cursor

    def message(self, event):
        return self.api.get_direct_message(event)._json

    def remove(self, event):
        self.api.delete_direct_message(event)

    def read(self, event, sender):
        self.api.mark_direct_message_read(event, sender)

    def type_to(self, recipient):
        self.api.indicate_direct_message_typing(recipient)

    def download(self, url):
        return requests.get(url, auth=self.api.auth.apply_auth(), timeout=60)

    def user(self, account):
        return self.api.get_user(user_id=account)._json

    def users(self, accounts):
        return [user._json for user in self.api.lookup_users(user_id=accounts)]

    def refusal(self, action):
        try:
            action()
        except tweepy.HTTPException as error:
            return error.response.status_code, error.api_codes[0], error.api_messages[0]
        raise AssertionError("nothing was refused")

    def _json(self, method, endpoint, **how):
        answer = self.api.request(method, endpoint, parser=JSONParser(), **how)
        # With a cursor among the parameters the parser hands out the next one beside the answer.
        return answer[0] if isinstance(answer, tuple) else answer


def pages_with_its_own_cursor(client):
    sent = [client.send(client.keys["id"], str(number))["id"] for number in range(45)]
    pages = list(tweepy.Cursor(client.api.get_direct_messages, count=20).pages())
    assert [len(page) for page in pages] == [20, 20, 5]
    assert [event.id for page in pages for event in page] == sent[::-1]


def offers_choices_and_buttons(client):
    choices = [{"label": "Red", "description": "A bird", "metadata": "1"}, {"label": "Blue", "description": "Another"}]
    button = {"type": "web_url", "label": "Open", "url": "https://example.com/?a=b"}
    sent = client.api.send_direct_message(client.keys["id"], "Choose", quick_reply_options=choices, ctas=[button])
    data = client.api.get_direct_message(sent.id).message_create["message_data"]
    assert data["quick_reply"] == {"type": "options", "options": choices}
    assert data["ctas"] == [button | {"tco_url": button["url"]}]


def deletes_a_message_by_itself(client):
    client.api.send_direct_message(client.keys["id"], "Hello").delete()
    assert client.inbox(20, None) == ([], None)


def reads_its_settings(client):
    settings = client.api.get_settings()
    assert (settings["screen_name"], settings["allow_dms_from"]) == (client.keys["name"], "all")


def blocks_and_unblocks(client):
    other = client.server.newcomer()
    assert client.api.create_block(user_id=other["id"]).screen_name == other["name"]
    assert list(tweepy.Cursor(client.api.get_blocked_ids).items()) == [int(other["id"])]
    client.api.destroy_block(screen_name=other["name"])
    assert list(tweepy.Cursor(client.api.get_blocked_ids).items()) == []


def walks_three_legs_with_a_pin(client):
    keys, person = client.keys, client.server.may_sign_in(client.keys)
    handler = tweepy.OAuth1UserHandler(keys["consumer_key"], keys["consumer_secret"], callback="oob")
    pin = client.server.decide(handler.get_authorization_url(access_type="write"), person, "allow")
    refused = tweepy.OAuth1UserHandler(keys["consumer_key"], keys["consumer_secret"], callback="oob")
    refused.request_token = handler.request_token
    raises(lambda: refused.get_access_token("0000000" if pin != "0000000" else "1111111"), "89")
    handler.get_access_token(pin)
    api = tweepy.API(handler, host=client.server.https, upload_host=client.server.https)
    assert api.verify_credentials().screen_name == keys["name"]
    raises(lambda: refused.get_access_token(pin), "89")


def walks_three_legs_with_a_callback_and_is_not_asked_twice(client):
    keys, person = client.keys, client.server.stranger()
    tokens = []
    for decision in ("allow", "nobody asks"):
        handler = tweepy.OAuth1UserHandler(keys["consumer_key"], keys["consumer_secret"], callback=f"{DONE}?a=b")
        url = client.server.decide(handler.get_authorization_url(signin_with_twitter=True), person, decision)
        assert url.startswith(f"{DONE}?a=b&oauth_token={handler.request_token['oauth_token']}&oauth_verifier="), url
        tokens.append(handler.get_access_token(url.rpartition("=")[2]))
    assert tokens[0] == tokens[1]


def is_told_that_it_was_refused_or_may_not_lead_there(client):
    keys, person = client.keys, client.server.stranger()
    handler = tweepy.OAuth1UserHandler(keys["consumer_key"], keys["consumer_secret"], callback=DONE)
    url = client.server.decide(handler.get_authorization_url(), person, "refuse")
    assert url == f"{DONE}?denied={handler.request_token['oauth_token']}"
    handler = tweepy.OAuth1UserHandler(keys["consumer_key"], keys["consumer_secret"], callback="https://evil.example/")
    raises(handler.get_authorization_url, "415")


def walks_three_legs_with_the_library_below_it(client):
    keys, person = client.keys, client.server.may_sign_in(client.keys)
    base = f"https://{client.server.https}/oauth"
    session = OAuth1Session(keys["consumer_key"], client_secret=keys["consumer_secret"], callback_uri=DONE)
    session.fetch_request_token(f"{base}/request_token")
    url = client.server.decide(session.authorization_url(f"{base}/authorize"), person, "allow")
    session.parse_authorization_response(url)
    assert session.fetch_access_token(f"{base}/access_token")["screen_name"] == keys["name"]
    me = session.get(f"https://{client.server.https}/1.1/account/verify_credentials.json")
    assert me.json()["id_str"] == keys["id"]
    assert session.post(f"https://{client.server.https}/1.1/oauth/invalidate_token.json").ok


def raises(action, code):
    try:
        action()
    except tweepy.TweepyException as error:
        assert f'"code":{code}' in str(error), error
    else:
        raise AssertionError("nothing was refused")


Client.OWN = [
    walks_three_legs_with_a_pin, walks_three_legs_with_a_callback_and_is_not_asked_twice,
    is_told_that_it_was_refused_or_may_not_lead_there, walks_three_legs_with_the_library_below_it,
    pages_with_its_own_cursor, offers_choices_and_buttons, deletes_a_message_by_itself, reads_its_settings,
    blocks_and_unblocks,
]
