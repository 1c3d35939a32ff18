"""twurl, as far as it is to be had: its library, doing what it does. See as_twurl.rb."""

import json
import os
import subprocess


def authorizes_and_calls(client):
    person = client.server.stranger()
    told = client.authorize(person)
    assert told["access_token"] == {"user_id": person["id"], "screen_name": person["name"]}, told
    assert told["get"]["status"] == 200 and told["get"]["body"]["screen_name"] == person["name"], told
    assert told["form"]["status"] == 200, told
    # A JSON body is not signed; that its media id is unknown is found behind the signature.
    assert told["json"]["status"] == 400, told
    assert told["json"]["body"]["errors"][0]["code"] not in (32, 89, 215), told


class Client:
    NAME = "twurl"
    SETTINGS = {}
    ONLY = [authorizes_and_calls]

    def __init__(self, server, app):
        self.server = server
        self.environment = os.environ | {
            "GUISE_CONSUMER_KEY": app["consumer_key"],
            "GUISE_CONSUMER_SECRET": app["consumer_secret"],
            "GUISE_SITE": f"https://{server.https}",
            "GUISE_CA": server.ca,
        }

    def authorize(self, person):
        """Authorizes as `person` with the PIN that the page shows, and tells what came of the calls after it."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "as_twurl.rb")
        with subprocess.Popen(
            ["ruby", "-W0", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment
        ) as twurl:
            url = twurl.stdout.readline().strip()
            assert url.startswith("https://"), url
            told, _ = twurl.communicate(self.server.decide(url, person, "allow") + "\n", timeout=60)
        assert twurl.returncode == 0, twurl.returncode
        return json.loads(told)
