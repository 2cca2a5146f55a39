"""Numbers as people read them, and rows as text or Markdown."""

from collections.abc import Sequence

from bench.harness.bars import Verdict
from bench.harness.comparison import Outcome, Standing
from bench.harness.spread import Spread

STANDING_HEAD = ["contender", "median", "quartiles", "least .. most", "CPU", "of ours"]
BAR_HEAD = ["name", "ours", "rival", "ratio", "bar", "reached?"]


def seconds(value: float) -> str:
    """Return three significant digits with a unit: ``58.1 ns``, ``2.96 µs``, ``1.87 s``."""
    size = abs(value)
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if size >= scale * 0.9995:
            return f"{_three(value / scale)} {unit}"
    return f"{_three(value / 1e-9)} ns"


def times(value: float) -> str:
    """Return a ratio: ``51.0``, ``0.93``."""
    return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}"


def _three(value: float) -> str:
    size = abs(value)
    return f"{value:.2f}" if size < 9.995 else f"{value:.1f}" if size < 99.95 else f"{value:.0f}"


def standing_rows(outcome: Outcome) -> list[list[str]]:
    """Return the table of a comparison; the last column is each one's time by that of the first."""
    rows = []
    for place, standing in enumerate(outcome.standings):
        wall = standing.wall
        rows.append(
            [
                standing.name,
                seconds(wall.median),
                f"{seconds(wall.q1)} .. {seconds(wall.q3)}",
                f"{seconds(wall.low)} .. {seconds(wall.high)}",
                "" if standing.cpu is None else seconds(standing.cpu.median),
                "1" if place == 0 else _ratio(standing, outcome.standings[0]),
            ]
        )
    rows += [[name, f"not available: {why}", "", "", "", ""] for name, why in outcome.absent.items()]
    return rows


def _ratio(standing: Standing, ours: Standing) -> str:
    ratio = standing.ratio_to(ours)
    if ratio.count == 1:
        return times(ratio.median)  # nothing was paired: there is no spread to tell
    return f"{times(ratio.median)} ({times(ratio.q1)} .. {times(ratio.q3)})"


def bar_rows(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """Return the table of the bars, reached or not."""
    rows = []
    for verdict in verdicts:
        bar = verdict.bar
        if bar.at_least is not None:
            show, wanted = times, f">= {times(bar.at_least)}"
        else:
            assert bar.extra_below_s is not None
            show, wanted = _more, f"< +{seconds(bar.extra_below_s)}"
        rows.append(
            [
                bar.name,
                _median(verdict.ours),
                f"{bar.rival}: {_median(verdict.rival)}",
                "-" if verdict.value is None else show(verdict.value.median),
                wanted,
                verdict.word,
            ]
        )
    return rows


def _more(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{seconds(value)}"


def _median(spread: Spread | None) -> str:
    return "-" if spread is None else seconds(spread.median)


def as_text(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Return aligned columns: the first and the last to the left, the others to the right."""
    table = [list(head), *map(list, rows)]
    last = len(head) - 1
    # A row that only says why something is not available must not make its column wide.
    measured = [row for row in table if not row[1].startswith("not available")]
    widths = [max(len(row[column]) for row in measured) for column in range(len(head))]
    widths[0] = max(len(row[0]) for row in table)
    lines = []
    for row in table:
        cells = [
            text.ljust(width) if column in (0, last) else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    lines.insert(1, indent + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def as_markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: the first and the last column to the left."""
    rule = [":--"] + ["--:"] * (len(head) - 2) + [":--"]
    lines = [head, rule, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
