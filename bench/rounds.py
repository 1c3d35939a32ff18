"""A round of measurements, and the servers that it is taken of."""

import contextlib
import dataclasses
import os
import tempfile

from candidates import Express, Guise, OnPostgres, PocketBase, filled
from load import Load

# What begins so in the place is of a round that was broken off.
UNFINISHED = "round-"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How long, how often, and with what. `place` is the folder that keeps what is made once."""

    programs: str
    place: str
    rounds: int
    warmup: int
    seconds: int
    open_seconds: int
    mix_seconds: int
    profiles: int

    def program(self, name):
        return os.path.join(self.programs, name)


class Round:
    """One round. Its servers start when they are first asked for, with new folders, and are gone at the end."""

    def __init__(self, settings):
        self.settings, self.found, self.servers = settings, {}, {}
        self.load = Load(settings.program("guise-load"), settings.warmup, settings.seconds)

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        # Beside what is kept, so that all is on one disk.
        folder = tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=self.settings.place, ignore_cleanup_errors=True)
        self.folder = self.stack.enter_context(folder)
        return self

    def __exit__(self, *_):
        self.stack.close()

    def server(self, name, make):
        """The round's server of this name."""
        if name not in self.servers:
            server = make()
            self.stack.callback(server.stop)
            server.start()
            self.servers[name] = server
        return self.servers[name]

    def guise(self):
        return self.server("guise", self.new_guise)

    def on_postgres(self):
        return self.server("postgres", lambda: self.new_guise(OnPostgres))

    def filled(self):
        return self.server("filled", self.filled_guise)

    def pocketbase(self):
        program = os.path.join(self.settings.place, "pocketbase", "bin", "pocketbase")
        return self.server("pocketbase", lambda: PocketBase(program, self.folder))

    def express(self):
        installed, keys = os.path.join(self.settings.place, "express"), self.guise().keys
        return self.server("express", lambda: Express(installed, self.folder, keys))

    def new_guise(self, kind=Guise):
        """A server with a new folder, not started. It does not outlive the round."""
        server = kind(self.settings.program("guise"), self.folder)
        self.stack.callback(server.stop)
        return server

    def filled_guise(self):
        """The server whose folder is full, not started."""
        count = self.settings.profiles
        place, fill = os.path.join(self.settings.place, f"filled-{count}"), os.path.join("examples", "fill")
        return filled(self.new_guise(), place, count, [self.settings.program(fill)])
