"""What Guise uses where it is on more than one machine, started here: PostgreSQL and SeaweedFS.

They listen on this machine only, on free ports. What they keep lies in a folder that whoever starts them gives and removes.
"""

import glob
import os
import re
import shutil
import socket
import signal
import subprocess
import time

HOST = "127.0.0.1"
READY_SECONDS = 60
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INSTALLED = os.path.join(PROJECT, "target", "check", "backends", "bin")


class NotStarted(Exception):
    """Why one of them does not run, for people."""


def free_ports(count):
    """That many ports that nobody listens on now."""
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Process:
    """A program that runs until it is stopped or killed, and that can be started again as it was."""

    name = program = log = None

    def __init__(self):
        self.process = None

    def command(self):
        """What to run."""
        raise NotImplementedError

    def is_ready(self):
        """Whether it answers."""
        raise NotImplementedError

    def options(self):
        """How to run it: what `subprocess.Popen` takes."""
        return {}

    def launch(self):
        """Starts it, and does not wait."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **self.options()
            )
        return self

    def start(self):
        """Starts it, and waits until it is ready."""
        self.launch()
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        until = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.log, errors="replace") as log:
                    raise NotStarted(f"{self.name} did not start:\n{log.read()[-4000:]}")
            time.sleep(0.1)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Ends it at once."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    stop = kill


def answers(port, path="/"):
    """Whether something there answers an HTTP request with 200."""
    try:
        with socket.create_connection((HOST, port), 2) as connection:
            connection.settimeout(2)
            connection.sendall(f"GET {path} HTTP/1.0\r\nhost: {HOST}\r\n\r\n".encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


class Bucket(Process):
    """SeaweedFS with one bucket."""

    name = "SeaweedFS"
    credentials = {"AWS_ACCESS_KEY_ID": "guise", "AWS_SECRET_ACCESS_KEY": "guise-test-secret"}
    roles = ("master", "volume", "filer", "s3")

    def __init__(self, folder):
        super().__init__()
        self.program = shutil.which("weed", path=os.pathsep.join([os.environ.get("PATH", ""), INSTALLED]))
        if not self.program:
            raise NotStarted("there is no SeaweedFS (weed) yet: ./check tests installs it")
        self.folder = os.path.join(folder, "bucket")
        os.mkdir(self.folder)
        self.log = os.path.join(folder, "bucket.log")
        ports = free_ports(2 * len(self.roles))
        self.ports = dict(zip(self.roles, ports))
        self.grpc = dict(zip(self.roles, ports[len(self.roles):]))
        self.address = f"s3://guise?endpoint=http://{HOST}:{self.ports['s3']}&region=us-east-1"

    def command(self):
        ports = [f"-{role}.port={port}" for role, port in self.ports.items()]
        grpc = [f"-{role}.port.grpc={port}" for role, port in self.grpc.items()]
        sockets = [f"-{role}.localSocket={self.folder}/{role}.sock" for role in ("filer", "s3")]
        return [
            self.program, f"-logdir={self.folder}", "server", f"-dir={self.folder}", f"-ip={HOST}", f"-ip.bind={HOST}",
            "-volume.max=100", "-master.volumeSizeLimitMB=64", "-master.electionTimeout=1s", "-master.telemetry=false",
            "-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0",
            *ports, *grpc, *sockets,
        ]

    def options(self):
        return {"env": os.environ | self.credentials}

    def is_ready(self):
        return answers(self.ports["s3"], "/healthz")

    def stop(self):
        self.kill()
        for role, port in self.grpc.items():
            for path in glob.glob(f"/tmp/seaweedfs-{role}-grpc-{port}.sock"):
                os.unlink(path)


class Postgres(Process):
    """A PostgreSQL server: a new one, or with `primary` the standby of another. Settings are such as `fsync=off`."""

    name = "PostgreSQL"

    def __init__(self, folder, primary=None, settings=()):
        super().__init__()
        self.settings = settings
        found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
        if not found:
            raise NotStarted("there is no PostgreSQL yet: ./check tests installs it")
        self.programs = os.path.dirname(max(found, key=lambda path: int(re.search("[0-9]+", path)[0])))
        [self.port] = free_ports(1)
        self.data = os.path.join(folder, f"postgres-{self.port}")
        self.log = self.data + ".log"
        # It refuses to run as root. Whom it runs as instead owns its folder, and may only pass through that around it.
        if os.getuid() == 0:
            os.chmod(folder, os.stat(folder).st_mode | 0o711)
        os.mkdir(self.data, 0o700)
        if os.getuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
        self._make(primary)
        self.address = f"postgres://postgres@{HOST}:{self.port}"

    def _make(self, primary):
        if primary is None:
            # Its language orders text otherwise than by bytes, as that of a server that somebody else set up may.
            self._run(
                "initdb", f"--pgdata={self.data}", "--username=postgres", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en",
            )
        else:
            source = f"host={HOST} port={primary.port} user=postgres application_name=standby"
            self._run(
                "pg_basebackup", f"--pgdata={self.data}", f"--dbname={source}", "--write-recovery-conf",
                "--wal-method=stream", "--checkpoint=fast",
            )

    def _run(self, program, *words):
        done = subprocess.run(
            [os.path.join(self.programs, program), *words], capture_output=True, text=True, cwd="/", **self.options()
        )
        if done.returncode != 0:
            raise NotStarted(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def options(self):
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}

    def command(self):
        return [
            os.path.join(self.programs, "postgres"), "-D", self.data, "-c", f"listen_addresses={HOST}", "-c",
            f"port={self.port}", "-c", "unix_socket_directories=", "-c", "max_connections=300",
            *[word for setting in self.settings for word in ("-c", setting)],
        ]

    def is_ready(self):
        ask = [os.path.join(self.programs, "pg_isready"), "--quiet", f"--host={HOST}", f"--port={self.port}"]
        return subprocess.run(ask, check=False).returncode == 0

    def say(self, *statements):
        """What the last of some statements answers; each runs by itself."""
        words = [word for statement in statements for word in ("--command", statement)]
        server = [f"--host={HOST}", f"--port={self.port}", "--username=postgres", "--no-psqlrc", "--tuples-only", "--no-align"]
        return self._run("psql", *server, "--quiet", "--set=ON_ERROR_STOP=1", *words).strip()

    def stop(self):
        """Ends it without waiting for its clients, and leaves its folder as a crash would."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
