"""PyTweet, pointed at the server with two attributes. It alone has a method of its own for custom profiles.

That method reads `avatar.type`, which the documented answer lacks: the server runs with `compat.avatar_type`.
PyTweet uploads in segments only.
"""

import os
import tempfile

import pytweet


class Client:
    NAME = "PyTweet"
    SETTINGS = {"GUISE_COMPAT_AVATAR_TYPE": "true"}

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        self.api = pytweet.Client(
            "unused", consumer_key=keys["consumer_key"], consumer_key_secret=keys["consumer_secret"],
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

    def refusal(self, action):
        try:
            action()
        except pytweet.HTTPException as error:
            return error.res.status_code, error.res.json()["errors"][0]["code"], error.message
        raise AssertionError("nothing was refused")

    def _call(self, method, what, **how):
        return self.api.http.request(method, "1.1", f"/custom_profiles/{what}.json", auth=True, **how)


def creates_a_profile_with_its_own_method(client):
    import pictures

    profile = client.create_with_its_own_method("Jon C, Partner Engineer", pictures.small())
    assert profile.name == "Jon C, Partner Engineer"
    assert client.show(profile.id)["id"] == str(profile.id)


Client.OWN = [creates_a_profile_with_its_own_method]


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
