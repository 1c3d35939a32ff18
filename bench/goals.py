"""What is wanted of the figures, all of them ratios within a round or within reach of any machine of this kind."""

import dataclasses
import statistics
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Row:
    """A goal: what it is of, how it comes from what is measured in one round, and what it should be."""

    key: str
    figure: str
    of: tuple[str, ...]
    value: Callable
    goal: float
    stretch: float
    at_most: bool = False
    unit: str = ""

    def reached(self, value):
        """What a value reaches, in a word."""
        def reaches(bound):
            return value <= bound if self.at_most else value >= bound

        return "stretch" if reaches(self.stretch) else "goal" if reaches(self.goal) else "no"

    def bound(self, value):
        """A goal as it is written."""
        return f"{'≤' if self.at_most else '≥'} {value:g}{self.unit and ' ' + self.unit}"

    def written(self, value):
        """A value as it is written."""
        digits = 0 if value >= 100 else 1 if value >= 10 or self.unit else 2
        return f"{value:.{digits}f}{self.unit and ' ' + self.unit}"


def ratio(figure):
    """One figure of the first measurement to that of the second."""
    return lambda one, other: one[figure] / other[figure]


def alone(figure):
    """One figure of the first measurement, whatever else has to be measured for it."""
    return lambda one, *_: one[figure]


RATE, CPU, P99 = ratio("per_second"), ratio("server_cpu_us"), ratio("p99_ms")

ROWS = [
    Row("create-64", "durable create ÷ bare echo, 64 connections", ("create-64", "echo-64"), RATE, 0.40, 0.50),
    Row("create-256", "the same, 256 connections", ("create-256", "echo-256"), RATE, 0.45, 0.55),
    Row("cpu", "server CPU per create ÷ per echo", ("create-64", "echo-64"), CPU, 2.8, 2.2, at_most=True),
    Row("p99", "p99 of create ÷ p99 of echo, 256 connections", ("create-256", "echo-256"), P99, 2.5, 1.5, at_most=True),
    Row(
        "tail", "p99.9 of create, open loop at half the peak rate", ("create-open", "create-256"), alone("p999_ms"), 30, 10,
        at_most=True, unit="ms",
    ),
    Row("show", "show by id ÷ echo", ("show-64", "echo-64"), RATE, 0.75, 0.85),
    Row("list", "page of 20 ÷ echo", ("list-64", "echo-64"), RATE, 0.40, 0.55),
    Row("picture", "10 kB picture ÷ echo", ("picture-64", "echo-64"), RATE, 0.80, 0.95),
    Row("send", "send of a message under a profile ÷ create", ("send-64", "create-64"), RATE, 0.5, 0.7),
    Row("pocketbase-create", "create ÷ PocketBase's", ("create-64", "pocketbase-create"), RATE, 10, 14),
    Row("pocketbase-show", "show ÷ PocketBase's", ("show-64", "pocketbase-show"), RATE, 8, 11),
    Row("pocketbase-list", "page of 20 ÷ PocketBase's", ("list-64", "pocketbase-list"), RATE, 8, 11),
    Row("express-create", "create ÷ Express baseline's", ("create-64", "express-create"), RATE, 12, 16),
    Row("filled", "create with many profiles stored ÷ with none", ("create-filled", "create-64"), RATE, 0.8, 0.95),
    Row(
        "busy", "create while 12-megapixel pictures are processed without pause ÷ without", ("create-busy", "create-64"), RATE,
        0.4, 0.6,
    ),
    Row("busy-p99", "p99 of the same ÷ without", ("create-busy", "create-64"), P99, 3, 2, at_most=True),
    Row(
        "sizes", "12-megapixel JPEG to all sizes ÷ its plain full-scale decode", ("pictures",),
        lambda one: one["all_sizes_ms"] / one["decode_ms"], 1.3, 0.7, at_most=True,
    ),
    Row("memory-idle", "resident memory, idle", ("memory",), alone("idle_mib"), 20, 12, at_most=True, unit="MiB"),
    Row("memory-256", "the same, creating over 256 connections", ("memory",), alone("busy_mib"), 90, 60, at_most=True, unit="MiB"),
    Row(
        "memory-mix", "the same in the last third of the mix ÷ in the middle third", ("mix",),
        lambda one: one["last_mib"] / one["middle_mib"], 1.02, 1.0, at_most=True,
    ),
    Row("start", "from start to first answer, new data folder", ("start",), alone("start_ms"), 100, 30, at_most=True, unit="ms"),
    Row(
        "start-filled", "the same, many profiles stored", ("start-filled",), alone("start_ms"), 100, 30, at_most=True, unit="ms",
    ),
    Row("postgres", "PostgreSQL create ÷ embedded create", ("create-postgres", "create-64"), RATE, 0.8, 1.1),
]


def values(row, rounds):
    """A row's value in each round that has all it is made of."""
    complete = [found for found in rounds if all(name in found for name in row.of)]
    return [row.value(*(found[name] for name in row.of)) for found in complete]


def middle(numbers):
    """The median, the least and the most."""
    return statistics.median(numbers), min(numbers), max(numbers)
