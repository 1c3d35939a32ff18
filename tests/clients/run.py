"""Drives a Guise binary with published Twitter client libraries, each as it came from its registry.

Usage: run.py BINARY [WORDS]; with WORDS only the tests whose name contains them.
"""

import json
import os
import re
import subprocess
import sys
import time
import traceback

import names
import scenarios
import with_pytweet
import with_tweepy
import with_twurl
import with_twitterapi
import with_twython
from guise import DONE, PASSWORD, Guise

PYTHON = [with_tweepy.Client, with_twitterapi.Client, with_twython.Client, with_pytweet.Client, with_twurl.Client]
JAVASCRIPT = "with_twitter_api_v2.cjs"
JAVASCRIPT_ACCOUNTS = 40
JAVASCRIPT_PEOPLE = 2


def run_python(server, client, words):
    """Runs what every client must do, and what only this one can; tells how many passed and failed."""
    names.lead_to(server)
    os.environ["REQUESTS_CA_BUNDLE"] = server.ca
    passed = failed = 0
    for scenario in getattr(client, "ONLY", scenarios.ALL + getattr(client, "OWN", [])):
        name = f"{client.NAME}: {scenario.__name__.replace('_', ' ')}"
        if words not in name:
            continue
        began = time.monotonic()
        try:
            scenario(client(server, server.newcomer()))
        except Exception:
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}")
        else:
            passed += 1
            print(f"ok     {name} ({time.monotonic() - began:.1f} s)")
    return passed, failed


def run_javascript(server, words):
    accounts = [server.newcomer() for _ in range(JAVASCRIPT_ACCOUNTS)]
    people = [server.stranger() for _ in range(JAVASCRIPT_PEOPLE)]
    environment = os.environ | {
        "GUISE_PEOPLE": json.dumps(people),
        "GUISE_PASSWORD": PASSWORD,
        "GUISE_CALLBACK": DONE,
        "NODE_EXTRA_CA_CERTS": server.ca,
        "GUISE_TLS_PORT": str(server.tls_port),
        "GUISE_ACCOUNTS": json.dumps(accounts),
    }
    command = ["node", "--test-reporter=tap", f"--test-name-pattern={re.escape(words) or '.'}", JAVASCRIPT]
    done = subprocess.run(
        command, env=environment, cwd=os.path.dirname(os.path.abspath(__file__)), stdout=subprocess.PIPE, text=True
    )
    counts = {word: int(number) for word, number in re.findall(r"^# (pass|fail) (\d+)$", done.stdout, re.MULTILINE)}
    for name in re.findall(r"^ok \d+ - (?!.*# SKIP)(.*)$", done.stdout, re.MULTILINE):
        print(f"ok     {name}")
    if done.returncode != 0:
        print(done.stdout)
    if done.returncode != 0 and not counts.get("fail"):
        return counts.get("pass", 0), 1
    return counts["pass"], counts["fail"]


def main(binary, words=""):
    totals = []
    with Guise(binary) as server:
        totals += [run_python(server, client, words) for client in PYTHON if not client.SETTINGS]
        totals.append(run_javascript(server, words))
    for client in PYTHON:
        if client.SETTINGS:
            with Guise(binary, **client.SETTINGS) as server:
                totals.append(run_python(server, client, words))
    passed, failed = (sum(column) for column in zip(*totals))
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
