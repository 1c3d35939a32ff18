"""twython, pointed at the server with `api_url`; its uploads go to upload.twitter.com whatever one says, see names.py."""

import io

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

    def refusal(self, action):
        try:
            action()
        except TwythonError as error:
            # The library gives its user the status and the message, but not the code.
            return error.error_code, None, str(error)
        raise AssertionError("nothing was refused")
