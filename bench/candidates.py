"""The servers that are measured: Guise as it is run, and what people would take instead. All of them listen on this
machine, on free ports, and keep what they write in folders that are given."""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import urllib.request

from load import Failed
from nodes import Node, accounts, say
from servers import HOST, PROJECT, Postgres, Process, answers, free_ports

HERE = os.path.dirname(os.path.abspath(__file__))
ACCOUNTS = [f"bench_{number}" for number in range(8)]
STOP_SECONDS = 60
PAGE = 20


def environment():
    """How Guise runs here: everything as it is by itself, but for limits that are too high to be met."""
    with open(os.path.join(PROJECT, "docs", "configuration.md")) as file:
        paths = re.findall(r"^\| `limits\.(/[a-z0-9_/]+)`", file.read(), re.MULTILINE)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GUISE_")}
    return clean | {"GUISE_LIMITS_" + path[1:].replace("/", "_").upper(): "4000000000/24h" for path in paths}


def memory_mib(pid):
    """What a process has in memory now."""
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) / 1024


class Guise(Node):
    """The program with its data in a folder, new or made before, and its log in a file."""

    def __init__(self, binary, folder, settings=None):
        super().__init__(secrets.token_hex(4), binary, folder, environment() | (settings or {}))
        self.name = "Guise"
        self.url = f"http://{HOST}:{self.port}"
        self.keys = os.path.join(folder, f"{os.path.basename(self.data)}.keys.json")

    def is_ready(self):
        return answers(self.port, "/healthz")

    def start(self):
        super().start()
        if not os.path.exists(self.keys):
            self.prepare()
        return self

    def prepare(self):
        """Makes accounts, and keeps their keys where `guise-load` finds them."""
        made = accounts(ACCOUNTS, lambda *words: say(self.binary, self.data, self.environment, *words))
        with open(self.keys, "w") as file:
            json.dump(made, file)

    def pids(self):
        return [self.process.pid]

    def shorten_log(self):
        """Lets go of what was logged: it is written as always, but nobody has room for hours of it."""
        os.truncate(self.log, 0)

    def stop(self):
        """Ends it as its operator would."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise Failed(f"Guise did not stop within {STOP_SECONDS} s") from None


class OnPostgres(Guise):
    """The program with its data in a new database of a server of its own."""

    def __init__(self, binary, folder):
        self.postgres = Postgres(folder)
        super().__init__(binary, folder, {"GUISE_STORE": f"{self.postgres.address}/guise"})

    def launch(self):
        self.postgres.start().say("CREATE DATABASE guise")
        return super().launch()

    def stop(self):
        super().stop()
        self.postgres.stop()


class PocketBase(Process):
    """PocketBase, with a collection of the same shape and rules."""

    name = "PocketBase"
    person = {"identity": "bench@example.com", "password": "correct horse battery"}

    def __init__(self, program, folder):
        super().__init__()
        self.program, self.data = program, os.path.join(folder, "pocketbase")
        self.log = self.data + ".log"
        [self.port] = free_ports(1)
        self.url = f"http://{HOST}:{self.port}"

    def command(self):
        return [self.program, "--dir", self.data, "serve", "--http", f"{HOST}:{self.port}"]

    def is_ready(self):
        return answers(self.port, "/api/health")

    def launch(self):
        superuser = [self.program, "--dir", self.data, "superuser", "upsert", *self.person.values()]
        subprocess.run(superuser, check=True, capture_output=True)
        return super().launch()

    def _ask(self, path, body, token=""):
        headers = {"content-type": "application/json", "authorization": token}
        request = urllib.request.Request(f"{self.url}/api/collections{path}", json.dumps(body).encode(), headers)
        # No proxy is asked for what is on this machine.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    def start(self):
        super().start()
        self._prepare()
        return self

    def _prepare(self):
        """Makes the collection, somebody who owns what is in it, and a page of that."""
        superuser = self._ask("/_superusers/auth-with-password", self.person)["token"]
        with open(os.path.join(HERE, "peers", "pocketbase", "collection.json")) as file:
            self._ask("", json.load(file), superuser)
        email, password = self.person.values()
        self._ask("/users/records", {"email": email, "password": password, "passwordConfirm": password})
        signed_in = self._ask("/users/auth-with-password", self.person)
        self.token = signed_in["token"]
        self.profile = {"owner": signed_in["record"]["id"], "name": "Jon C, Partner Engineer", "avatar": "1262054451230990338"}
        made = [self._ask("/custom_profiles/records", self.profile, self.token) for _ in range(PAGE)]
        self.id = made[-1]["id"]

    def requests(self):
        """What `guise-load http` is told for each of the requests that are compared."""
        signed = ["--header", f"authorization: {self.token}"]
        records = "/api/collections/custom_profiles/records"
        body = ["--header", "content-type: application/json", "--body", json.dumps(self.profile)]
        one, page = f'"name":"{self.profile["name"]}"', '{"items":[{'
        return {
            "create": ["--method", "POST", "--path", records, *signed, *body, "--contains", one],
            "show": ["--path", f"{records}/{self.id}", *signed, "--contains", one],
            "list": ["--path", f"{records}?perPage={PAGE}&sort=-created&skipTotal=1", *signed, "--contains", page],
        }

    def pids(self):
        return [self.process.pid]


class Express(Process):
    """The plain server of bench/peers/express, for the accounts of a file."""

    name = "Express"

    def __init__(self, installed, folder, keys):
        super().__init__()
        self.installed, self.keys = installed, keys
        self.data = os.path.join(folder, "express")
        os.mkdir(self.data)
        self.log = self.data + ".log"
        [self.port] = free_ports(1)
        self.url = f"http://{HOST}:{self.port}"

    def command(self):
        return [shutil.which("node"), os.path.join(self.installed, "server.mjs")]

    def options(self):
        told = {"NODE_ENV": "production", "ACCOUNTS": self.keys, "DATA": self.data, "PORT": str(self.port)}
        return {"env": os.environ | told}

    def is_ready(self):
        return answers(self.port, "/healthz")

    def pids(self):
        return [self.process.pid]


def filled(server, folder, profiles, fill):
    """Has a server use a folder with so many profiles, which `fill` makes where there is none yet. It is not started."""
    done = os.path.join(folder, "filled")
    server.data, server.keys = os.path.join(folder, "data"), os.path.join(folder, "keys.json")
    if not os.path.exists(done):
        print(f"storing {profiles:,} profiles, once, in {os.path.relpath(folder)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        server.prepare()
        if subprocess.run([*fill, os.path.join(server.data, "guise.db"), str(profiles)]).returncode != 0:
            raise Failed(f"{' '.join(fill)} did not fill {folder}")
        with open(done, "w") as file:
            print(profiles, file=file)
    return server
