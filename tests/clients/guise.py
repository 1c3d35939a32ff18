"""A real Guise server in a folder of its own, and accounts on it."""

import itertools
import json
import os
import shutil
import subprocess
import tempfile
import threading

START_SECONDS = 60


class Guise:
    """The release binary serving on two free ports of this machine, HTTP and TLS, until the `with` block ends."""

    def __init__(self, binary, **settings):
        self.binary = os.path.abspath(binary)
        self.environment = os.environ | settings
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
            self.app = self._say("app", "add", "clients", "--account", owner["name"])
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

    def _say(self, *words):
        done = subprocess.run(
            [self.binary, "--data", self.data, *words, "--json"], capture_output=True, text=True, env=self.environment
        )
        if done.returncode != 0:
            raise RuntimeError(f"guise {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)

    def newcomer(self, own_app=False):
        """An account that nobody else uses: its id and name, and the credentials of a token that may read messages."""
        account = self._say("account", "add", f"someone_{next(self.numbers)}")
        app = self._say("app", "add", "own", "--account", account["name"]) if own_app else self.app
        token = self._say("token", "add", "--account", account["name"], "--app", app["id"])
        return {
            "id": account["id"],
            "name": account["name"],
            "consumer_key": app["consumer_key"],
            "consumer_secret": app["consumer_secret"],
            "token": token["token"],
            "token_secret": token["token_secret"],
        }
