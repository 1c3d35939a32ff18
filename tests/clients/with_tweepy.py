"""tweepy, pointed at the server with `host` and `upload_host`."""

import io

import tweepy
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
