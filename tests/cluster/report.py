"""What is seen while it runs, and the table at the end."""

import collections
import sys
import threading
import time

from load import CUT, DONE, REFUSED

COLUMNS = ("during", "requests", "200", "503", "cut", "other", "works again", "last failure", "longest")


class Progress:
    """A line that shows how far it is and what comes back, where somebody watches; else a line for each part."""

    def __init__(self, record):
        self.record, self.part, self.began = record, "", time.monotonic()
        self.watched = sys.stdout.isatty()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self):
        if self.watched:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        if self.watched:
            self.thread.join()

    def say(self, part):
        """What is being done now."""
        self.part = part
        if not self.watched:
            print(f"{time.monotonic() - self.began:5.0f} s  {part}", flush=True)

    def _show(self):
        while not self.over.wait(0.25):
            with self.record.lock:
                came = collections.Counter(attempt.outcome for attempt in self.record.attempts)
                recent = [attempt for attempt in self.record.attempts[-400:] if attempt.ended > time.monotonic() - 2]
            counts = f"{came[DONE]} answered, {came[REFUSED]} refused, {came[CUT]} cut, {len(recent) / 2:.0f}/s"
            print(f"\r\33[K{time.monotonic() - self.began:4.0f} s  {self.part}: {counts}", end="", flush=True)
        print("\r\33[K", end="", flush=True)


class Part:
    """A stretch of the run, with what happened in it."""

    def __init__(self, name, began):
        self.name, self.began, self.ended = name, began, None

    def attempts(self, record):
        """What came to an end in it."""
        with record.lock:
            return [one for one in record.attempts if self.began <= one.ended < (self.ended or one.ended + 1)]

    def works_again(self, record):
        """Seconds until each kind of request had worked that was sent after it began; None while one has not."""
        first = {}
        for one in self.attempts(record):
            if one.outcome == DONE and one.began >= self.began:
                first[one.path] = min(one.ended, first.get(one.path, one.ended))
        return max(first.values()) - self.began if len(first) == 4 else None

    def last_failure(self, record):
        """Seconds until the last request that failed was over; 0 when none did."""
        return max((one.ended - self.began for one in self.attempts(record) if one.outcome != DONE), default=0.0)

    def row(self, record):
        attempts = self.attempts(record)
        came = collections.Counter(one.outcome for one in attempts)
        other = len(attempts) - came[DONE] - came[REFUSED] - came[CUT]
        again = self.works_again(record)
        longest = max((one.ended - one.began for one in attempts), default=0.0)
        return (
            self.name, len(attempts), came[DONE], came[REFUSED], came[CUT], other,
            "never" if again is None else f"{again:.1f} s", f"{self.last_failure(record):.1f} s", f"{longest:.1f} s",
        )


def table(columns, rows):
    """Rows below their columns; the first one to the left, all others to the right."""
    rows = [[str(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
    return "\n".join(lines)
