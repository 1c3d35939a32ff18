"""A real Guise server in a folder of its own, and accounts on it."""

import html
import itertools
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading

import requests

START_SECONDS = 60
PASSWORD = "correct horse battery"
# Where the app may have accounts led back to. Nobody is there: a browser would show an error, and the address.
DONE = "https://app.example/done"


class Guise:
    """The release binary serving on two free ports of this machine, HTTP and TLS, until the `with` block ends."""

    def __init__(self, binary, **settings):
        self.binary = os.path.abspath(binary)
        self.environment = os.environ | settings | elsewhere()
        self.folder = tempfile.mkdtemp(prefix="guise-clients-")
        self.data = os.path.join(self.folder, "data")
        self.ca = os.path.join(self.data, "tls", "ca.pem")
        self.numbers = itertools.count(1)

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.binary, "--data", self.data, "serve", "--http", "127.0.0.1:0", "--tls", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=open(os.path.join(self.folder, "log"), "w"), text=True, env=self.environment,
        )
        try:
            ports = self._ports()
            self.http, self.https = f"localhost:{ports['http']}", f"localhost:{ports['https']}"
            self.tls_port = ports["https"]
            owner = self._say("account", "add", "clients_owner")
            self.app = self._app(owner["name"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.stdout.close()
            shutil.rmtree(self.folder)

    def _ports(self):
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        ports = {}
        for line in self.process.stdout:
            if line.startswith("listening on "):
                scheme, _, address = line.split()[-1].partition("://")
                ports[scheme] = int(address.rpartition(":")[2])
            if len(ports) == 2:
                watchdog.cancel()
                return ports
        with open(os.path.join(self.folder, "log")) as log:
            raise RuntimeError(f"the server did not start:\n{log.read()}")

    def _say(self, *words, typed=""):
        done = subprocess.run(
            [self.binary, "--data", self.data, *words, "--json"], capture_output=True, text=True, input=typed,
            env=self.environment,
        )
        if done.returncode != 0:
            raise RuntimeError(f"guise {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)

    def _app(self, owner):
        app = self._say("app", "add", "clients", "--account", owner)
        self._say("app", "callback", "add", app["id"], DONE)
        return app

    def newcomer(self, own_app=False):
        """An account that nobody else uses: its id and name, and the credentials of a token that may read messages."""
        account = self._say("account", "add", f"someone_{next(self.numbers)}")
        app = self._app(account["name"]) if own_app else self.app
        token = self._say("token", "add", "--account", account["name"], "--app", app["id"])
        return {
            "id": account["id"],
            "name": account["name"],
            "consumer_key": app["consumer_key"],
            "consumer_secret": app["consumer_secret"],
            "token": token["token"],
            "token_secret": token["token_secret"],
        }

    def may_sign_in(self, person):
        self._say("account", "password", person["name"], typed=PASSWORD + "\n")
        return person

    def stranger(self):
        """An account that has a password and gave the app no token."""
        person = self.may_sign_in(self.newcomer())
        self._say("token", "revoke", person["token"])
        return person

    def decide(self, url, person, decision):
        """What somebody does in a browser with an address that an app gave them: they sign in and press a button. Where
        they are led to, or the PIN that they are shown."""
        with requests.Session() as browser:
            # Clients believe that they talk to the production hosts; a cookie is a host's.
            base, browser.verify = f"https://{self.https}", self.ca
            browser.headers["Origin"] = base
            page = browser.get(f"{base}/{url.split('/', 3)[3]}", timeout=60)
            fields = hidden(page) | {"name": person["name"], "password": PASSWORD}
            browser.post(f"{base}/sign-in", data=fields, timeout=60).raise_for_status()
            page = browser.get(base + fields["to"], allow_redirects=False, timeout=60)
            if 'name="decision"' in page.text:
                fields = hidden(page) | {"decision": decision}
                page = browser.post(f"{base}/oauth/authorize", data=fields, allow_redirects=False, timeout=60)
            page.raise_for_status()
            pin = re.search("<output>([0-9]{7})</output>", page.text)
            return pin[1] if pin else page.headers["location"]

    def bearer(self, app=None):
        """The bearer token of everybody's app, or of another."""
        app = app or self.app
        answer = requests.post(
            f"http://{self.http}/oauth2/token", data={"grant_type": "client_credentials"},
            auth=(app["consumer_key"], app["consumer_secret"]), timeout=60,
        )
        answer.raise_for_status()
        return answer.json()["access_token"]


def elsewhere():
    """Settings that keep everything in a new database and a bucket, beside tests/backends/run with TEST_STORE=postgres."""
    if os.environ.get("TEST_STORE") != "postgres":
        return {}
    server, name = os.environ["TEST_POSTGRES"], f"clients_{secrets.token_hex(8)}"
    subprocess.run(["psql", "--quiet", f"{server}/postgres", "--command", f"CREATE DATABASE {name}"], check=True)
    return {"GUISE_STORE": f"{server}/{name}", "GUISE_BLOBS": os.environ["TEST_BUCKET"]}


def hidden(page):
    """The fields that a page's forms hide."""
    page.raise_for_status()
    fields = re.findall('<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in fields}
