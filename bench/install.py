"""Builds what is measured, and installs what it is compared with, below target/bench/."""

import filecmp
import glob
import os
import shutil
import subprocess
import sys

from candidates import HERE
from load import Failed
from servers import PROJECT

PLACE = os.path.join(PROJECT, "target", "bench")
EXPRESS = os.path.join(PLACE, "express")


def _do(*command, what, **options):
    """Runs a command that shows by itself how far it is."""
    if subprocess.run(command, **options).returncode != 0:
        raise Failed(f"{' '.join(command)}: {what}")


def programs(wanted):
    """Builds the programs, and the examples that what is wanted needs; where they are."""
    cargo = ["cargo", "build", "--release", "--locked"]
    _do(*cargo, "-p", "guise", "-p", "guise-load", what="the programs could not be built", cwd=PROJECT)
    for example, crate, of in (
        ("fill", "guise-sqlite", {"create-filled", "start-filled"}), ("pictures", "guise-http", {"pictures"}),
    ):
        if of & set(wanted):
            _do(*cargo, "-p", crate, "--example", example, what="the example could not be built", cwd=PROJECT)
    return os.path.join(PROJECT, "target", "release")


def peers(wanted):
    """Installs those of the others that what is wanted needs."""
    os.makedirs(PLACE, exist_ok=True)
    if any(name.startswith("pocketbase") for name in wanted):
        _pocketbase()
    if any(name.startswith("express") for name in wanted):
        for program, package in (("node", "nodejs"), ("npm", "npm")):
            _debian(shutil.which(program), package)
        _express()
    if "create-postgres" in wanted:
        _debian(glob.glob("/usr/lib/postgresql/*/bin/postgres"), "postgresql")


def _debian(found, package):
    """Makes sure of what Debian has a package for."""
    if found:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failed(f"please install {package} (Debian: sudo apt-get install {package})")
    print(f"installing {package}", flush=True)
    quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    _do("apt-get", "update", "-qq", what="is there a network?", **quiet)
    _do("apt-get", "install", "-y", "-qq", "--no-install-recommends", package, what="is there a network?", **quiet)


def _pocketbase():
    named, place = os.path.join(HERE, "peers", "pocketbase", "requirements.txt"), os.path.join(PLACE, "pocketbase")
    if _is_same(named, os.path.join(place, "installed")):
        return
    print("installing PocketBase", flush=True)
    shutil.rmtree(place, ignore_errors=True)
    _do(sys.executable, "-m", "venv", place, what="there is no venv (Debian: python3-venv)")
    pip = [os.path.join(place, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", named]
    _do(*pip, what="it could not be installed: is there a network?")
    shutil.copy(named, os.path.join(place, "installed"))


def _express():
    source = os.path.join(HERE, "peers", "express")
    os.makedirs(EXPRESS, exist_ok=True)
    if not _is_same(os.path.join(source, "package-lock.json"), os.path.join(EXPRESS, "installed")):
        print("installing Express and better-sqlite3", flush=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(source, name), EXPRESS)
        # Where there is no ready-made better-sqlite3 it is compiled, with node's own headers where they came with it.
        prefix = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("node"))))
        headers = os.path.exists(os.path.join(prefix, "include", "node", "node.h"))
        told = {"npm_config_nodedir": prefix} if headers else {}
        npm = ["npm", "ci", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund", "--loglevel=error"]
        _do(*npm, what="it could not be installed: is there a network?", cwd=EXPRESS, env=os.environ | told)
        shutil.copy(os.path.join(EXPRESS, "package-lock.json"), os.path.join(EXPRESS, "installed"))
    # Modules are looked for beside the files that ask for them.
    shutil.copy(os.path.join(source, "server.mjs"), EXPRESS)


def _is_same(one, other):
    return os.path.exists(other) and filecmp.cmp(one, other, shallow=False)
