"""What deploy/ holds, held against the program and against those that read it. Nothing of it is started.

Usage: run.py GUISE_BINARY
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib

import yaml

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPLOY = os.path.join(PROJECT, "deploy")
# Tenths of systemd's score of what a service may do to its machine.
EXPOSURE_MAX = 20
DOMAIN = "api.example.com"


def text(name):
    with open(os.path.join(DEPLOY, name)) as file:
        return file.read()


def run(*command, **environment):
    """What a command says if it fails, line by line."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GUISE_")}
    done = subprocess.run(command, capture_output=True, text=True, env=clean | environment)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines() or [f"it ended with {done.returncode}"]


def variables(lines):
    """NAME=VALUE lines as a table."""
    return dict(line.split("=", 1) for line in lines if re.match("[A-Z_]+=", line))


class Check:
    """One run: a program, and secrets of the kind that deploy/secrets.sh makes."""

    def __init__(self, binary, folder):
        self.binary, self.secrets, self.folder = os.path.abspath(binary), os.path.join(folder, "secrets"), folder
        self.compose = yaml.safe_load(text("compose.yaml").replace("${DOMAIN:?}", DOMAIN))
        self.services = self.compose["services"]
        self.nodes = {name: service for name, service in self.services.items() if service.get("build")}
        self.passed, self.failed = 0, 0

    def that(self, name, wrong):
        """Counts one thing that has to hold."""
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        print(f"{'FAILED' if wrong else 'ok    '} {name}", flush=True)
        for line in wrong:
            print(f"       {line}")

    def accepted(self, words, environment):
        """What the program has against being run with these words and variables. It knows no options of `serve` where it
        checks the rest, and checks nothing of the rest where it shows help."""
        serve = words.index("serve")
        return run(self.binary, *words[:serve], "config", "check", **environment) + run(
            self.binary, *words, "--help", **environment
        )

    def secrets_are_made_once(self):
        script = os.path.join(DEPLOY, "secrets.sh")
        wrong = run(script, self.secrets)
        before = {name: self.secret(name) for name in os.listdir(self.secrets)}
        wrong += run(script, self.secrets)
        wrong += [f"{name} is another the second time" for name, was in before.items() if self.secret(name) != was]
        wanted = [os.path.basename(secret["file"]) for secret in self.compose["secrets"].values()]
        wrong += [f"it makes no {name}, which compose.yaml wants" for name in wanted if name not in before]
        if os.stat(self.secrets).st_mode & 0o077:
            wrong.append("others get into its folder")
        self.that("secrets.sh makes each secret that compose.yaml wants, once", wrong)

    def secret(self, name):
        with open(os.path.join(self.secrets, name)) as file:
            return file.read()

    def containers(self):
        dockerfile = text("Dockerfile")
        image = variables(word for line in re.findall("(?m)^ENV (.*)$", dockerfile) for word in line.split())
        words = json.loads(re.search(r"(?m)^CMD (\[.*\])$", dockerfile)[1])
        for name, service in self.nodes.items():
            environment = image | service["environment"] | variables(self.secret("bucket.env").splitlines())
            environment |= {"GUISE_CONFIG": os.path.join(self.secrets, os.path.basename(environment["GUISE_CONFIG"]))}
            wrong = self.accepted(service.get("command", words), environment)
            if service["tmpfs"].split(":")[0] != image["GUISE_DATA"]:
                wrong.append("its data folder is on the read-only root")
            self.that(f"the program takes what compose.yaml gives {name}", wrong)
        wrong = [] if re.search("(?m)^RUN(.*\\\\\n)*.*cargo build .*--locked", dockerfile) else ["cargo build is not --locked"]
        wrong += [] if re.search("(?m)^USER [1-9]", dockerfile) else ["it runs as root"]
        channel = tomllib.loads(text("../rust-toolchain.toml"))["toolchain"]["channel"]
        wrong += [] if f"FROM rust:{channel}-" in dockerfile else [f"it does not build with Rust {channel}"]
        self.that("the image is built of what is locked, and runs without rights", wrong + unpinned(
            re.findall(r"(?m)^FROM (\S+)", dockerfile)
        ))

    def services_are_whole(self):
        wrong = unpinned(service["image"] for service in self.services.values())
        for name, service in self.services.items():
            wrong += [f"{name} has no {key}" for key in ("restart", "healthcheck") if key not in service]
        servers = set(re.findall(r"guise-\d+(?=:8080)", text("Caddyfile")))
        if servers != set(self.nodes):
            wrong.append(f"Caddyfile leads to {sorted(servers)}, and there are {sorted(self.nodes)}")
        files = [one["file"] for one in self.compose["configs"].values()]
        wrong += [f"there is no {file}" for file in files if not os.path.exists(os.path.join(DEPLOY, file))]
        self.that("compose.yaml watches and restarts every service, each of a fixed version", wrong)

    def unit(self):
        unit = text("guise.service")
        words = re.search("(?m)^ExecStart=(.*)$", unit)[1].split()
        # Those of its EnvironmentFile stand in the comment above.
        environment = variables(unit.replace("#   ", "").splitlines())
        environment |= variables(re.findall("(?m)^Environment=(.*)$", unit))
        key, configuration = (os.path.join(self.folder, name) for name in ("key", "guise.toml"))
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(tomllib.loads(self.secret("guise.toml"))["key"])
        with open(configuration, "w") as file:
            file.write(f'public_url = ["https://{DOMAIN}"]\nhttp = "0.0.0.0:8080"\ntls = "off"\n')
        # Where systemd puts credentials.
        environment = {name: value.replace("%d", self.folder) for name, value in environment.items()}
        words = [configuration if word.endswith(".toml") else word for word in words[1:]]
        self.that("the program takes what guise.service gives it", self.accepted(words, environment))
        # The program of here: that of there is not installed.
        copy = os.path.join(self.folder, "guise.service")
        with open(copy, "w") as file:
            file.write(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={self.binary}", unit))
        # What it does not know it ignores, and says so. Of this machine's own units it may say more.
        verified = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
        told = (verified.stdout + verified.stderr).splitlines()
        self.that("systemd understands guise.service", [line for line in told if "guise" in line] + (
            told if verified.returncode else []
        ))
        self.that(
            f"systemd's score of guise.service is at most {EXPOSURE_MAX / 10}",
            run("systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE_MAX}", copy),
        )

    def caddy(self):
        command = ["caddy", "validate", "--adapter", "caddyfile", "--config", os.path.join(DEPLOY, "Caddyfile")]
        self.that("caddy takes the Caddyfile", run(*command, DOMAIN=DOMAIN, HOME=self.folder))


def unpinned(images):
    """Those of some images that may be another tomorrow."""
    return [f"{image} is no fixed version" for image in images if not re.search(r":[^:/]*\d(\.|\d{6})\d", image)]


def main(*arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="guise-deploy-") as folder:
        check = Check(arguments[0], folder)
        check.secrets_are_made_once()
        check.containers()
        check.services_are_whole()
        check.unit()
        check.caddy()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
