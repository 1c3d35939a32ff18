"""How many profiles a second one node makes, and three of them."""

import os
import re
import subprocess

from servers import HOST, PROJECT

PICTURE = os.path.join(PROJECT, "crates", "guise", "assets", "jon.jpg")
LOADS, CONNECTIONS, SECONDS = 8, 8, 10


def measure(cluster, accounts):
    """Creates per second of the first node alone and of all, each measured with the same load on as many accounts; None
    where there is no load generator beside the program."""
    load = os.path.join(os.path.dirname(cluster.binary), "guise-load")
    if not os.path.exists(load):
        return None
    return [_rate(load, nodes, accounts) for nodes in (cluster.nodes[:1], cluster.nodes)]


def _rate(load, nodes, accounts):
    running = []
    for number, account in enumerate(accounts):
        keys = {f"GUISE_{name.upper()}": account[name] for name in ("consumer_key", "consumer_secret", "token", "token_secret")}
        url = f"http://{HOST}:{nodes[number % len(nodes)].port}"
        command = [load, "--url", url, "--connections", str(CONNECTIONS), "--seconds", str(SECONDS), "--avatar", PICTURE]
        running.append(subprocess.Popen(command, env=os.environ | keys, stdout=subprocess.PIPE, text=True))
    rate = 0.0
    for process in running:
        printed, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"guise-load ended with {process.returncode}")
        rate += float(re.search(r"POST custom_profiles +\d+ +(\d+)", printed)[1])
    return rate
