"""The installation: three nodes behind nginx, PostgreSQL with a synchronous standby, SeaweedFS. All of it on this machine."""

import base64
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

from servers import HOST, PROJECT, Bucket, NotStarted, Postgres, Process, answers, free_ports

NODES = 3
DATABASE = "guise"
# Whoever checks afterwards reads more than people do. What is written is bounded as always.
READS = {
    f"GUISE_LIMITS_{path}": "1000000/15m"
    for path in ("CUSTOM_PROFILES_SHOW", "DIRECT_MESSAGES_EVENTS_SHOW", "GUISE_DIRECT_MESSAGES_LIST", "GUISE_PROFILES_FIND")
}


class Node(Process):
    """One Guise server."""

    program = "guise"

    def __init__(self, number, binary, folder, environment):
        super().__init__()
        self.binary = binary
        self.name = f"node {number}"
        [self.port] = free_ports(1)
        self.data = os.path.join(folder, f"node-{number}")
        self.log = self.data + ".log"
        self.environment = environment

    def command(self):
        return [self.binary, "--data", self.data, "serve", "--http", f"{HOST}:{self.port}", "--tls", "off"]

    def options(self):
        return {"env": self.environment}

    def is_ready(self):
        return answers(self.port, "/readyz")


class Nginx(Process):
    """The proxy, with the file that `deploy/` has for it."""

    name = program = "nginx"

    def __init__(self, folder, upstreams):
        super().__init__()
        if not shutil.which("nginx"):
            raise NotStarted("there is no nginx yet: ./check cluster installs it")
        self.folder = os.path.join(folder, "nginx")
        os.mkdir(self.folder)
        self.log = self.folder + ".log"
        [self.port] = free_ports(1)
        with open(os.path.join(self.folder, "nginx.conf"), "w") as file:
            file.write(self._configuration(upstreams))

    def _configuration(self, upstreams):
        """The deployed file within what Debian puts around it, with the addresses of here."""
        with open(os.path.join(PROJECT, "deploy", "nginx.conf")) as file:
            deployed = file.read()
        deployed, nodes = re.subn(
            r"server guise-([1-3]):8080", lambda found: f"server {HOST}:{upstreams[int(found[1]) - 1]}", deployed
        )
        deployed, listens = re.subn(r"(?m)^( *)listen 443 ssl.*;$", rf"\1listen {HOST}:{self.port};", deployed, count=1)
        # There is no certificate here, and so nothing to lead from plain HTTP to.
        deployed = re.sub(r"(?m)^ *(listen .*:?443|ssl_|http2 ).*\n", "", deployed)
        deployed = re.sub(r"(?ms)^server \{ # plain.*?^\}\n", "", deployed)
        # Each is there twice, once for when all look failed.
        if (nodes, listens) != (2 * len(upstreams), 1):
            raise NotStarted("deploy/nginx.conf does not have what is replaced here any more")
        kept = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        root = "user root;\n" if os.getuid() == 0 else ""
        return (
            f"{root}daemon off;\npid {self.folder}/pid;\nerror_log {self.log} warn;\n"
            f"events {{ worker_connections 4096; }}\nhttp {{\naccess_log off;\n{kept}{deployed}\n}}\n"
        )

    def command(self):
        return [shutil.which("nginx"), "-p", self.folder, "-c", os.path.join(self.folder, "nginx.conf"), "-e", self.log]

    def is_ready(self):
        return answers(self.port, "/healthz")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class Cluster:
    """All of them, running until the `with` block ends."""

    def __init__(self, binary, replicated=True):
        self.binary, self.replicated = os.path.abspath(binary), replicated
        self.folder = tempfile.mkdtemp(prefix="guise-cluster-")
        self.started = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.stop()
        if "KEEP" in os.environ:
            print(f"what was kept and logged lies in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self, process):
        self.started.append(process)
        return process.launch()

    def _start(self):
        self.bucket = self._launch(Bucket(self.folder))
        self.primary = Postgres(self.folder)
        self.started.append(self.primary)
        self.primary.start()
        self.primary.say(f"CREATE DATABASE {DATABASE}")
        self.standby = Postgres(self.folder, self.primary)
        self.started.append(self.standby)
        self.standby.start()
        if self.replicated:
            self._replicate()
        self.bucket.wait_until_ready()
        self._start_nodes()

    def _replicate(self):
        # Only once there is a standby: before, every commit would wait for one. The standby copied nothing of this, so that
        # it waits for nobody once it is the primary.
        self.primary.say("ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()")
        until(lambda: self.primary.say("SELECT sync_state FROM pg_stat_replication") == "sync", "a synchronous standby")

    def _start_nodes(self):
        hosts = ",".join(f"{HOST}:{server.port}" for server in (self.primary, self.standby))
        store = f"postgres://postgres@{hosts}/{DATABASE}?target_session_attrs=read-write"
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GUISE_")}
        self.environment = clean | Bucket.credentials | READS | {
            "GUISE_STORE": store, "GUISE_BLOBS": self.bucket.address, "GUISE_KEY": key, "GUISE_LOG": "warn",
            "GUISE_TRUSTED_PROXIES": HOST,
        }
        self.nodes = [Node(number + 1, self.binary, self.folder, self.environment) for number in range(NODES)]
        self.proxy = Nginx(self.folder, [node.port for node in self.nodes])
        self.environment["GUISE_PUBLIC_URL"] = f"http://{HOST}:{self.proxy.port}"
        # The first makes the tables.
        self._launch(self.nodes[0]).wait_until_ready()
        for node in self.nodes[1:]:
            self._launch(node)
        for node in self.nodes:
            node.wait_until_ready()
        self._launch(self.proxy).wait_until_ready()

    def lift_limits(self):
        """Starts all nodes anew, without a limit of creates."""
        for node in self.nodes:
            node.stop()
        self.environment["GUISE_LIMITS_CUSTOM_PROFILES_NEW"] = "9000000/24h"
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait_until_ready()

    def embedded(self, names):
        """A server that keeps everything in its own folder, and accounts there."""
        elsewhere = ("GUISE_STORE", "GUISE_BLOBS")
        environment = {name: value for name, value in self.environment.items() if name not in elsewhere}
        node = Node(0, self.binary, self.folder, environment)
        self._launch(node).wait_until_ready()
        return node, self.accounts(names, environment, node.data)

    def accounts(self, names, environment=None, data=None):
        """New accounts with the credentials of one app."""
        data = data or os.path.join(self.folder, "commands")
        return accounts(names, lambda *words: say(self.binary, data, environment or self.environment, *words))

    def promote(self):
        """Makes the standby the one that takes writes."""
        self.standby.say("SELECT pg_promote()")

    def pause(self, node):
        node.signal(signal.SIGSTOP)

    def resume(self, node):
        node.signal(signal.SIGCONT)


def say(binary, data, environment, *words):
    """What a command of the program prints."""
    done = subprocess.run([binary, "--data", data, *words, "--json"], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"guise {' '.join(words)}: {done.stderr}")
    return json.loads(done.stdout)


def accounts(names, say):
    """New accounts with the credentials of one app, made by commands of the program."""
    made = []
    app = None
    for name in names:
        account = say("account", "add", name)
        app = app or say("app", "add", "load", "--account", name)
        token = say("token", "add", "--account", name, "--app", app["id"])
        keys = {key: app[key] for key in ("consumer_key", "consumer_secret")}
        keys |= {key: token[key] for key in ("token", "token_secret")}
        made.append({"id": account["id"], "name": name, "app": app["id"]} | keys)
    return made


def until(holds, what, seconds=60):
    """Waits for something."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise NotStarted(f"there was no {what} within {seconds} s")
        time.sleep(0.05)
