"""Limits under pressure, from everywhere at once."""

import collections
import itertools
import threading

from api import Client

CREATES = 1000
AT_ONCE_PER_NODE = 32


def pressed(nodes, count, ask):
    """Sends that many requests from many threads, spread over the nodes; how often each outcome came."""
    numbers, lock, came = itertools.count(), threading.Lock(), collections.Counter()

    def work(client):
        while True:
            with lock:
                number = next(numbers)
            if number >= count:
                return
            answer = ask(client, number)
            with lock:
                came[answer.status if answer.status in (200, 429) else str(answer)] += 1

    threads = [
        threading.Thread(target=work, args=(Client(node.port),)) for node in nodes for _ in range(AT_ONCE_PER_NODE)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(came)


def creates(nodes, account, media):
    """One more than an account may make, in parallel over all nodes; what is wrong with what came."""
    came = pressed(nodes, CREATES + 1, lambda client, number: client.create(account, f"one of {number}", media))
    wrong = [] if came == {200: CREATES, 429: 1} else [f"{CREATES + 1} creates in parallel were answered {came}"]
    for node in nodes:
        kept = len(Client(node.port).pages("/1.1/custom_profiles/list.json", account, "custom_profiles"))
        if kept != CREATES:
            wrong.append(f"{node.name} has {kept} profiles of {CREATES + 1} that were asked for")
    return wrong


def rest(nodes, account, media, there):
    """Fills up what the faults left of an account's creates; what is wrong with what was let through."""
    came = pressed(nodes, CREATES + 1 - there, lambda client, number: client.create(account, f"rest {number}", media))
    if came == {200: CREATES - there, 429: 1}:
        return []
    return [f"{there} profiles were there after the faults, and of {CREATES + 1 - there} more came {came}"]

