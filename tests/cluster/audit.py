"""Compares what was told with what is there, through the API of every node."""

import collections

from api import Client
from load import CUT, REFUSED, RUNNING

BOX = "/guise/v1/direct_messages"
PROFILES = "/1.1/custom_profiles/list.json"


class Audit:
    """What is there, and what should be otherwise: in `wrong` of things, in `twice` of ids, in `faces` of pictures. `failover` is when the primary was gone, from and to: a
    connection that is lost at the commit is answered with 503 although the step may be kept."""

    def __init__(self, nodes, accounts, record, failover):
        self.nodes, self.accounts, self.record, self.failover = nodes, accounts, record, failover
        self.clients = [Client(node.port) for node in nodes]
        self.wrong, self.twice, self.faces = [], [], []
        self.checked = self.kept_though_refused = self.kept_though_cut = 0

    def run(self):
        profiles = self.profiles = {account["id"]: self._profiles(account) for account in self.accounts}
        boxes = {account["id"]: self._box(account) for account in self.accounts}
        self._account_for("create", profiles)
        self._account_for("send", boxes)
        self._both_boxes(boxes)
        self._ids(profiles, boxes)
        self._by_id()
        self._pictures()
        return self

    def _same_everywhere(self, what, read, wrong):
        """What every node answers, which has to be the same."""
        found = [read(client) for client in self.clients]
        for node, other in zip(self.nodes[1:], found[1:]):
            if other != found[0]:
                wrong.append(f"{what}: {node.name} has {len(other)}, {self.nodes[0].name} has {len(found[0])}")
        return found[0]

    def _profiles(self, account):
        """The account's profiles, as name and id."""
        listed = self._same_everywhere(
            f"profiles of {account['name']}", lambda client: client.pages(PROFILES, account, "custom_profiles"), self.wrong
        )
        return [(profile["name"], profile["id"]) for profile in listed]

    def _box(self, account):
        """The account's messages, as text and id."""
        listed = self._same_everywhere(
            f"messages of {account['name']}", lambda client: client.pages(BOX, account, "messages"), self.wrong
        )
        events = [message["event"] for message in listed]
        return [(event["message_create"]["message_data"]["text"], event["id"]) for event in events]

    def _account_for(self, kind, everything):
        """Every write of a kind is there as often as it may be."""
        writes = [write for write in self.record.writes if write.kind == kind]
        there = {account: collections.defaultdict(list) for account in everything}
        for account, things in everything.items():
            for name, number in things:
                there[account][name].append(number)
        for write in writes:
            self.checked += 1
            self._count(write, there[write.account["id"]][write.name])
        known = {write.name for write in writes}
        for account, things in there.items():
            for name in set(things) - known:
                self.wrong.append(f"{kind}: {account} has {name}, which nobody asked for")

    def _count(self, write, ids):
        told = f"{write.kind} of {write.name} ({' '.join(attempt.outcome for attempt in write.attempts)})"
        if len(ids) > 1:
            self.wrong.append(f"{told} is there {len(ids)} times")
        elif write.is_done and ids != [write.id]:
            self.wrong.append(f"{told} was answered with id {write.id}, and {ids} is there")
        elif ids and not write.is_done:
            outcomes = {attempt.outcome for attempt in write.attempts}
            if CUT in outcomes or RUNNING in outcomes:
                self.kept_though_cut += 1
            elif REFUSED in outcomes and any(self._in_failover(attempt) for attempt in write.attempts):
                self.kept_though_refused += 1
            else:
                self.wrong.append(f"{told} is there")

    def _in_failover(self, attempt):
        began, ended = self.failover
        return attempt.began <= ended and attempt.ended >= began

    def _both_boxes(self, boxes):
        """A message is in the box of its recipient as it is in its sender's, under the same id."""
        there = {account: collections.Counter(box) for account, box in boxes.items()}
        for write in self.record.writes:
            if write.kind == "send":
                copies = [there[side["id"]] for side in (write.account, write.recipient)]
                one, other = ({pair: count for pair, count in box.items() if pair[0] == write.name} for box in copies)
                if one != other:
                    self.wrong.append(f"{write.name} is in one box as {one}, in the other as {other}")

    def _ids(self, profiles, boxes):
        """No id was given twice, whatever for."""
        given = collections.defaultdict(set)
        for name, number in (pair for things in profiles.values() for pair in things):
            given[number].add(name)
        for text, number in (pair for things in boxes.values() for pair in things):
            given[number].add(text)
        for write in self.record.writes:
            if write.is_done:
                given[write.id].add(write.name)
        for number, names in given.items():
            if len(names) > 1:
                self.twice.append(f"id {number} was given to {', '.join(sorted(names))}")
        self.ids = len(given)

    def _by_id(self):
        """Each single thing that was acknowledged can be read; nodes take turns."""
        paths = {"create": "/1.1/custom_profiles/show.json", "send": "/1.1/direct_messages/events/show.json"}
        done = [write for write in self.record.writes if write.is_done and write.kind in paths]
        for turn, write in enumerate(done):
            answer = self.clients[turn % len(self.clients)].get(f"{paths[write.kind]}?id={write.id}", write.account)
            if answer.status != 200:
                self.wrong.append(f"{write.kind} of {write.name}: reading it by its id is answered {answer}")

    def _pictures(self):
        """The pictures of profiles can be fetched from every node, and are what was uploaded."""
        self.pictures = 0
        for write in self.record.writes:
            if write.digest and write.is_done:
                self.pictures += 1
                path = "/media/" + write.url.rpartition("/media/")[2]
                served = self._same_everywhere(path, lambda client: client.get(path).body, self.faces)
                if served[:2] not in (b"\xff\xd8", b"\x89P"):
                    self.faces.append(f"{path} is no picture: {served[:80]}")
        newest = {write.id: write.digest for write in self.record.writes if write.digest and write.is_done}
        for account in self.accounts:
            listed = self.clients[0].pages("/guise/v1/profiles", account, "profiles")
            for profile in listed:
                digest = newest.get(profile["id"])
                if digest and profile["avatar"]["sha256"] != digest:
                    self.faces.append(f"profile {profile['id']} has another picture than the one that was uploaded for it")

