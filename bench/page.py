"""What was measured, kept in a file so that single rows can be measured again, and written into the page."""

import json
import os
import statistics

from goals import ROWS, middle, values
from measurements import MEASUREMENTS

REACHED = {"stretch": "stretch", "goal": "goal", "no": "**not reached**"}


class Results:
    """Values of rows and figures of measurements, of each of their rounds, from one machine."""

    def __init__(self, path, machine):
        self.path, self.machine = path, machine
        self.rows, self.figures = {}, {}
        if os.path.exists(path):
            with open(path) as file:
                kept = json.load(file)
            if kept["machine"] == machine:
                self.rows, self.figures = kept["rows"], kept["figures"]
            else:
                print(f"what was measured on another machine is forgotten: {kept['machine']}")

    def add(self, rows, rounds, how):
        """Puts what these rounds found in the place of what was known of these rows, and keeps it. `how` says when, and
        what of, and how long."""
        for row in rows:
            if found := values(row, rounds):
                self.rows[row.key] = {"values": found, "how": how}
        for name in MEASUREMENTS:
            if found := [one[name] for one in rounds if name in one]:
                self.figures[name] = found
        with open(self.path + ".new", "w") as file:
            json.dump({"machine": self.machine, "rows": self.rows, "figures": self.figures}, file, indent=1)
        os.rename(self.path + ".new", self.path)

    def goals(self, rows=ROWS):
        """The table of goals, or some rows of it."""
        lines = ["| row | figure | goal | stretch | median | least – most | reached |", "| --- " * 7 + "|"]
        for row in rows:
            cells = [f"`{row.key}`", row.figure, row.bound(row.goal), row.bound(row.stretch)]
            if row.key in self.rows:
                median, least, most = middle(self.rows[row.key]["values"])
                spread = f"{row.written(least)} – {row.written(most)}"
                cells += [f"**{row.written(median)}**", spread, REACHED[row.reached(median)]]
            else:
                cells += ["–", "–", "not measured"]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def figures_table(self):
        """The table of what the ratios are made of."""
        columns = (
            "per second", "least – most", "p50 ms", "p99 ms", "p99.9 ms", "longest ms", "server CPU µs", "generator CPU µs",
        )
        lines = [f"| measured | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|"]
        for name, measurement in MEASUREMENTS.items():
            found = [one for one in self.figures.get(name, []) if "per_second" in one]
            if not found:
                continue
            rate, least, most = middle([one["per_second"] for one in found])

            def median(figure):
                known = [one[figure] for one in found if one.get(figure) is not None]
                return f"{statistics.median(known):.2f}" if known else "–"

            figures = ("p50_ms", "p99_ms", "p999_ms", "max_ms", "server_cpu_us", "generator_cpu_us")
            cells = [measurement.title, f"{rate:,.0f}", f"{least:,.0f} – {most:,.0f}", *map(median, figures)]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def circumstances(self, versions):
        """What it was measured on, and how."""
        how = sorted({row["how"] for row in self.rows.values()})
        if not how:
            return "Nothing was measured yet."
        return "\n".join([f"* {self.machine}", f"* {versions}", *(f"* {one}" for one in how)])

    def write(self, page, versions):
        """Rewrites what stands between the page's marks."""
        with open(page) as file:
            text = file.read()
        for mark, new in (
            ("circumstances", self.circumstances(versions)), ("goals", self.goals()), ("figures", self.figures_table()),
        ):
            text = between(text, mark, new)
        with open(page, "w") as file:
            file.write(text)


def between(text, mark, new):
    """The text with something new between two of its marks."""
    begin, end = f"<!-- {mark}: written by bench/run -->\n", f"<!-- {mark}: end -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no marks of {mark}")
    return f"{before}{begin}\n{new}\n\n{end}{after}"
