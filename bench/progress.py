"""What is being done, what came of it, and how long it will still take."""

import sys
import threading
import time


class Progress:
    """A line for each measurement; where somebody watches it counts down meanwhile."""

    def __init__(self, planned):
        self.left, self.began = sum(planned), time.monotonic()
        self.done = 0
        self.watched = sys.stdout.isatty()

    def remaining(self):
        """How long the rest will take, if it is as much slower than planned as what was done."""
        pace = (time.monotonic() - self.began) / self.done if self.done else 1
        seconds = self.left * max(pace, 1)
        return f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"

    def during(self, what, planned):
        """A measurement that is planned to take so long; call what comes back with what came of it."""
        over, began = threading.Event(), time.monotonic()

        def show():
            while not over.wait(0.5):
                rest = max(planned - (time.monotonic() - began), 0)
                print(f"\r\33[K  {what}: {rest:.0f} s; {self.remaining()}", end="", flush=True)

        showing = threading.Thread(target=show, daemon=True)
        if self.watched:
            showing.start()

        def end(told):
            over.set()
            if self.watched:
                showing.join()
                print("\r\33[K", end="")
            self.left -= planned
            self.done += planned
            print(f"  {what:58}{told:>26}{self.remaining():>14}", flush=True)

        return end
