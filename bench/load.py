"""`guise-load` beside a server, and what it found."""

import json
import os
import subprocess
import tempfile

from servers import PROJECT

PICTURE = os.path.join(PROJECT, "crates", "guise", "assets", "jon.jpg")


class Failed(Exception):
    """Why something could not be measured, for people."""


class Load:
    """Puts load on servers, each time for as long as the run's settings say."""

    def __init__(self, program, warmup, seconds):
        self.program, self.warmup, self.seconds = program, warmup, seconds

    def command(self, words, url, connections, keys=None, pids=(), warmup=None, seconds=None, options=()):
        """What to run."""
        command = [
            self.program, *words, "--connections", str(connections), "--warmup", str(self.warmup if warmup is None else warmup),
            "--seconds", str(seconds or self.seconds), *options,
        ]
        command += ["--url", url] if url else []
        command += ["--keys", keys, "--avatar", PICTURE] if keys else []
        return command + [word for pid in pids for word in ("--pid", str(pid))]

    def run(self, *words, url=None, connections=64, **settings):
        """The figures of one scenario: of the last one, where several are named.

        Raises Failed when an answer was wrong.
        """
        with tempfile.TemporaryDirectory(prefix="guise-bench-") as folder:
            found = os.path.join(folder, "found.json")
            command = self.command(words, url, connections, **settings) + ["--json", found]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode != 0:
                raise Failed(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            with open(found) as file:
                return json.load(file)["scenarios"][-1]

    def scenario(self, name, server, connections=64, **settings):
        """The figures of a scenario on one of the servers that take signed requests."""
        return self.run(
            "run", name, url=server.url, connections=connections, keys=server.keys, pids=server.pids(), **settings
        )
