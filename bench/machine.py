"""What it is measured on, and in which versions."""

import glob
import json
import os
import platform
import re
import subprocess

from install import EXPRESS, PLACE
from servers import PROJECT


def _read(path):
    with open(path) as file:
        return file.read()


def _said(*command):
    """The first version, or else all, of what a command prints; a dash where there is no such program."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT).stdout.strip()
    except OSError:
        return "–"
    version = re.search(r"\d+\.\d+(\.\d+)?", printed)
    return version[0] if version else printed or "–"


def machine():
    """The machine, in a line."""
    model = re.search(r"model name\s*: (.*)", _read("/proc/cpuinfo"))
    memory = int(re.search(r"MemTotal:\s+(\d+) kB", _read("/proc/meminfo"))[1]) / 1024 ** 2
    disk = subprocess.run(["df", "--output=fstype", PLACE], capture_output=True, text=True).stdout.split()[-1]
    cores, model = len(os.sched_getaffinity(0)), model[1] if model else platform.machine()
    return f"{cores} cores of {model}, {memory:.0f} GiB of memory, {disk}, Linux {platform.release()}"


def commit():
    """What of Guise is measured."""
    def git(*words):
        return subprocess.run(["git", *words], capture_output=True, text=True, cwd=PROJECT).stdout.strip()

    changed = git("status", "--porcelain", "--", "crates", "Cargo.toml", "Cargo.lock")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def versions():
    """What else takes part, in a line."""
    def package(name):
        path = os.path.join(EXPRESS, "node_modules", name, "package.json")
        return json.loads(_read(path))["version"] if os.path.exists(path) else "–"

    postgres = max(glob.glob("/usr/lib/postgresql/*/bin/postgres"), default="postgres")
    pocketbase = os.path.join(PLACE, "pocketbase", "bin", "pocketbase")
    found = {
        "rustc": _said("rustc", "--version"), "PostgreSQL": _said(postgres, "--version"),
        "PocketBase": _said(pocketbase, "--version"), "Node": _said("node", "--version"),
        "Express": package("express"), "better-sqlite3": package("better-sqlite3"),
    }
    return ", ".join(f"{name} {version}" for name, version in found.items())
