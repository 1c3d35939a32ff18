"""A steady load that writes down what it was told."""

import collections
import contextlib
import hashlib
import itertools
import json
import random
import threading
import time

import pictures
from api import Client, Cut

# What an attempt came to.
DONE, REFUSED, CUT, RUNNING, OTHER = "done", "refused", "cut", "running", "other"
# Seconds between two attempts at the same thing, and after how many it is given up.
AGAIN_SECONDS = 0.5
AGAIN_MAX = 240


class Attempt:
    """One request: when it was sent and answered, and what with."""

    def __init__(self, path, began, ended, outcome, said):
        self.path, self.began, self.ended, self.outcome, self.said = path, began, ended, outcome, said


class Write:
    """One thing that was to be done once: a profile, a message, or an upload."""

    def __init__(self, kind, account, name, key=None, recipient=None, digest=None):
        self.kind, self.account, self.name, self.key = kind, account, name, key
        self.recipient, self.digest = recipient, digest
        self.attempts, self.id, self.url = [], None, None

    @property
    def is_done(self):
        return self.id is not None


def outcome(answer):
    if answer.status in (200, 201):
        return DONE
    if answer.status == 503 and answer.code == 130:
        return REFUSED
    if answer.status in (502, 504) and answer.code == 131:
        return CUT
    # The first attempt with this key is still under way, maybe on another node.
    return RUNNING if answer.status == 409 else OTHER


class Record:
    """Everything that was asked, from all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.attempts, self.writes, self.wrong = [], [], []
        self.numbers = itertools.count(1)
        self.profiles = collections.defaultdict(list)

    def attempt(self, path, ask):
        """Sends something once; the answer, or None, and what it came to."""
        began, answer = time.monotonic(), None
        try:
            answer = ask()
            came, said = outcome(answer), str(answer)
        except Cut as cut:
            came, said = CUT, str(cut)
        attempt = Attempt(path, began, time.monotonic(), came, said)
        with self.lock:
            self.attempts.append(attempt)
            if came == OTHER:
                self.wrong.append(f"{path} was answered {said}")
        return answer, attempt

    def write(self, write, ask):
        """Does one thing: once, or with a key until it is done. What was answered when it was."""
        with self.lock:
            self.writes.append(write)
        headers = {"Idempotency-Key": write.key} if write.key else {}
        for _ in range(AGAIN_MAX if write.key else 1):
            answer, attempt = self.attempt(write.kind, lambda: ask(headers))
            write.attempts.append(attempt)
            if attempt.outcome == DONE:
                return answer.json
            if attempt.outcome == OTHER:
                break
            if write.key:
                time.sleep(AGAIN_SECONDS)
        return None


class Load:
    """Threads that create, send, upload and read at a modest rate through one port, while the `with` block lasts."""

    def __init__(self, port, accounts, record):
        self.port, self.accounts, self.record = port, accounts, record
        self.stopping, self.hurry = threading.Event(), threading.Event()
        self.media = {}
        jobs = [(self._create, 0.4)] * 4 + [(self._send, 0.4)] * 4 + [(self._upload, 2.0), (self._show, 0.25)] * 2
        self.threads = [threading.Thread(target=self._loop, args=job, daemon=True) for job in jobs]

    def __enter__(self):
        client = Client(self.port)
        for account in self.accounts:
            self._upload(client, random.Random(), account)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    @contextlib.contextmanager
    def hurrying(self):
        """Lets nobody wait between requests for a second, so that many are under way at what is done then."""
        self.hurry.set()
        time.sleep(0.5)
        try:
            yield
            time.sleep(0.5)
        finally:
            self.hurry.clear()

    def _loop(self, job, seconds):
        client = Client(self.port)
        chance = random.Random()
        while not self.stopping.wait(0 if self.hurry.is_set() else seconds * chance.uniform(0.5, 1.5)):
            try:
                job(client, chance, chance.choice(self.accounts))
            except Exception as error:
                with self.record.lock:
                    self.record.wrong.append(f"{job.__name__}: {error!r}")

    def _number(self, chance):
        """What a thing is called, and for every third one the key to do it again by."""
        with self.record.lock:
            number = next(self.record.numbers)
        return number, f"key-{number}" if chance.random() < 1 / 3 else None

    def _create(self, client, chance, account, media=None, digest=None):
        number, key = self._number(chance)
        write = Write("create", account, f"profile {number}", key, digest=digest)
        media = media or self.media[account["id"]]
        answer = self.record.write(write, lambda headers: client.create(account, write.name, media, headers))
        if answer:
            profile = answer["custom_profile"]
            with self.record.lock:
                self.record.profiles[account["id"]].append(profile)
            write.id, write.url = profile["id"], profile["avatar"]["media"]["url"]
            self._expect(write, profile["name"], write.name)

    def _send(self, client, chance, account):
        number, key = self._number(chance)
        recipient = chance.choice([other for other in self.accounts if other is not account])
        with self.record.lock:
            profile = chance.choice(self.record.profiles[account["id"]])["id"]
        write = Write("send", account, f"message {number}", key, recipient=recipient)

        def ask(headers):
            return client.send(account, recipient["id"], write.name, profile, headers)

        answer = self.record.write(write, ask)
        if answer:
            write.id = answer["event"]["id"]
            self._expect(write, answer["event"]["message_create"]["message_data"]["text"], write.name)

    def _upload(self, client, chance, account):
        number, key = self._number(chance)
        picture = pictures.plain(number)
        write = Write("upload", account, f"picture {number}", key)
        answer = self.record.write(write, lambda headers: client.upload(account, picture, headers))
        if answer:
            write.id = answer["media_id_string"]
            self.media.setdefault(account["id"], write.id)
            self._create(client, chance, account, write.id, hashlib.sha256(picture).hexdigest())

    def _show(self, client, chance, account):
        """Whatever was made can be read at once, on whichever node."""
        with self.record.lock:
            profile = chance.choice(self.record.profiles[account["id"]][-20:])
        path = f"/1.1/custom_profiles/{profile['id']}.json"
        answer, attempt = self.record.attempt("read", lambda: client.get(path, account))
        if attempt.outcome == DONE and answer.json["custom_profile"] != profile:
            with self.record.lock:
                self.record.wrong.append(f"{json.dumps(profile)} was read as {answer}")

    def _expect(self, write, found, wanted):
        if found != wanted:
            with self.record.lock:
                self.record.wrong.append(f"{write.kind} of {wanted} was answered with {found}")
