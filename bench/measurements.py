"""What is measured, in the order in which a round takes it, and how."""

import dataclasses
import os
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable

from candidates import memory_mib
from load import Failed
from photograph import photograph
from rounds import Round
from servers import HOST

STARTS = 10
UPLOADS = 4
IDLE_SECONDS = 2
START_SECONDS_MAX = 60


def scenario(name, connections=64, server=Round.guise):
    """Measures a scenario of signed requests on one of the round's servers."""
    return lambda now: now.load.scenario(name, server(now), connections)


def echo(connections):
    """Measures the bare handler, which `guise-load` brings along."""
    return lambda now: now.load.run("run", "echo", connections=connections)


def pocketbase(request):
    """Measures one of PocketBase's requests."""
    def measure(now):
        server = now.pocketbase()
        return now.load.run("http", *server.requests()[request], url=server.url, pids=server.pids())

    return measure


def create_open(now):
    """Creates at half the rate of the peak of this round, whatever comes back."""
    rate = max(now.found[name]["per_second"] for name in ("create-64", "create-256") if name in now.found) / 2
    options = ["--rate", str(round(rate))]
    return now.load.scenario("create", now.guise(), 256, seconds=now.settings.open_seconds, options=options)


def create_busy(now):
    """Creates while large pictures are uploaded, the next when the last was answered."""
    server, path = now.guise(), os.path.join(now.settings.place, "photograph.jpg")
    if not os.path.exists(path):
        with open(path + ".new", "wb") as file:
            file.write(photograph(server))
        os.rename(path + ".new", path)
    # Longer than it is let.
    command = now.load.command(["run", "upload"], server.url, UPLOADS, warmup=0, seconds=now.settings.seconds + 120) + ["--keys", server.keys]
    kept = os.path.join(server.data, "blobs", "pictures")
    uploading = subprocess.Popen(
        [*command, "--avatar", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        before = len(os.listdir(kept))
        found = now.load.scenario("create", server)
        pictures = len(os.listdir(kept)) - before
        if uploading.poll() is not None or pictures < UPLOADS:
            raise Failed(f"only {pictures} pictures were uploaded meanwhile")
    finally:
        uploading.kill()
        uploading.wait()
    return found | {"pictures": pictures}


def memory(now):
    """What a new server has in memory, when idle and while it is busy."""
    server = now.new_guise().start()
    try:
        time.sleep(IDLE_SECONDS)
        idle = memory_mib(server.process.pid)
        busy = now.load.scenario("create", server, 256)["server_rss_max_mib"]
        return {"idle_mib": idle, "busy_mib": busy}
    finally:
        server.stop()


def mix(now):
    """What a server has in memory during a day in the life, looked at every second."""
    server, seen, over = now.new_guise().start(), [], threading.Event()

    def look():
        while not over.wait(1):
            seen.append(memory_mib(server.process.pid))
            server.shorten_log()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        found = now.load.scenario("mix", server, warmup=0, seconds=now.settings.mix_seconds)
    finally:
        over.set()
        looking.join()
        server.stop()
    third = len(seen) // 3
    return found | {"middle_mib": statistics.mean(seen[third:2 * third]), "last_mib": statistics.mean(seen[-third:])}


def first_answer(server):
    """Milliseconds from a server's start until it says that it is well."""
    began = time.perf_counter()
    server.launch()
    while time.perf_counter() - began < START_SECONDS_MAX:
        try:
            with socket.create_connection((HOST, server.port)) as connection:
                connection.sendall(f"GET /healthz HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode())
                if connection.recv(64).startswith(b"HTTP/1.1 200 "):
                    return (time.perf_counter() - began) * 1000
        except OSError:
            pass
    raise Failed(f"{server.name} did not answer within {START_SECONDS_MAX} s")


def start(now):
    """The median of starts with new data folders."""
    took = []
    for _ in range(STARTS):
        server = now.new_guise()
        took.append(first_answer(server))
        server.stop()
    return {"start_ms": statistics.median(took)}


def start_filled(now):
    """The median of starts with the folder that is full, after it was stopped as operators do."""
    if "filled" in now.servers:
        now.servers["filled"].stop()
    server, took = now.filled_guise(), []
    for _ in range(STARTS):
        took.append(first_answer(server))
        server.stop()
    return {"start_ms": statistics.median(took)}


def pictures(now):
    """What an example of guise-http prints, in which the server's own code makes a picture's sizes."""
    done = subprocess.run([now.settings.program(os.path.join("examples", "pictures"))], capture_output=True, text=True)
    words = [line.split() for line in done.stdout.splitlines()]
    found = {line[0]: float(line[1]) for line in words if len(line) == 2 and line[0] in ("decode_ms", "all_sizes_ms")}
    if done.returncode != 0 or len(found) != 2:
        raise Failed(f"the example pictures ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return found


def draw(now, folder):
    """Has pictures made of latencies and throughput, of all that is done most."""
    os.makedirs(folder, exist_ok=True)
    server, scenarios = now.guise(), ("echo", "show", "picture", "list", "create", "send")
    now.load.run(
        "run", *scenarios, url=server.url, keys=server.keys, pids=server.pids(), options=["--svg", folder]
    )


@dataclasses.dataclass(frozen=True)
class Measurement:
    """How one thing is measured, and how many seconds it takes. `once` is for what is taken in the first round only."""

    title: str
    take: Callable
    seconds: Callable = lambda settings: settings.warmup + settings.seconds + 1
    once: bool = False


MEASUREMENTS = {
    "echo-64": Measurement("bare echo, 64 connections", echo(64)),
    "create-64": Measurement("create", scenario("create")),
    "show-64": Measurement("show by id", scenario("show")),
    "list-64": Measurement("page of 20", scenario("list")),
    "picture-64": Measurement("10 kB picture", scenario("picture")),
    "send-64": Measurement("send under a profile", scenario("send")),
    "pocketbase-create": Measurement("PocketBase: create", pocketbase("create")),
    "pocketbase-show": Measurement("PocketBase: show by id", pocketbase("show")),
    "pocketbase-list": Measurement("PocketBase: page of 20", pocketbase("list")),
    "express-create": Measurement("Express: create", scenario("create", server=Round.express)),
    "create-postgres": Measurement("create, PostgreSQL", scenario("create", server=Round.on_postgres)),
    "create-filled": Measurement("create, many profiles stored", scenario("create", server=Round.filled)),
    "create-busy": Measurement("create, 12-megapixel pictures processed", create_busy, lambda settings: settings.seconds + 10),
    "echo-256": Measurement("bare echo, 256 connections", echo(256)),
    "create-256": Measurement("create, 256 connections", scenario("create", 256)),
    "create-open": Measurement(
        "create, open loop at half the peak rate", create_open, lambda settings: settings.warmup + settings.open_seconds + 1
    ),
    "memory": Measurement("memory, idle and busy", memory, lambda settings: settings.warmup + settings.seconds + 4),
    "mix": Measurement("a day in the life", mix, lambda settings: settings.mix_seconds + 2, once=True),
    "start": Measurement("start, new data folder", start, lambda _: 4),
    "start-filled": Measurement("start, many profiles stored", start_filled, lambda _: 8),
    "pictures": Measurement("all sizes of a 12-megapixel picture", pictures, lambda _: 10, once=True),
}
