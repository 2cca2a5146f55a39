"""What a person reads: a case when it ends, all bars at the end, Markdown for the documents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.harness.cases import OK, CaseResult
from bench.harness.table import (
    BAR_HEAD,
    STANDING_HEAD,
    as_markdown,
    as_text,
    bar_rows,
    standing_rows,
)

BEGIN, END = "<!-- figures: begin", "<!-- figures: end -->"
NOISY_LOAD = 0.3  # arbitrary: someone else used a third of a processor during the last minute


def case_text(result: CaseResult) -> str:
    """Return the tables of one case."""
    lines = [f"{result.name}: {result.question}"]
    if result.status != OK and not result.outcomes:
        lines.append(f"  {result.status}: {result.reason}")
    for outcome in result.outcomes:
        lines.append("")
        if outcome.problem:
            lines.append(f"  {outcome.name}: {_not_available(outcome.problem)}")
            continue
        lines.append(f"  {outcome.name}, for one {outcome.unit}")
        if outcome.detail:
            lines.append(f"  ({outcome.detail})")
        lines.append(as_text(STANDING_HEAD, standing_rows(outcome), "  "))
    return "\n".join(lines) + "\n"


def bars_text(results: Sequence[CaseResult]) -> str:
    """Return the table of all bars, and a sentence that counts them."""
    verdicts = [verdict for result in results for verdict in result.verdicts]
    if not verdicts:
        return "No bars in what was run."
    return f"{as_text(BAR_HEAD, bar_rows(verdicts))}\n\n{bars_sentence(results)}"


def bars_sentence(results: Sequence[CaseResult]) -> str:
    """Return how many bars were reached."""
    verdicts = [verdict for result in results for verdict in result.verdicts]
    now = [verdict for verdict in verdicts if not verdict.bar.later]
    later = [verdict for verdict in verdicts if verdict.bar.later]
    counts = []
    if now:
        counts.append(
            f"{sum(v.reached is True for v in now)} of {len(now)} bars reached, "
            f"{sum(v.reached is False for v in now)} not reached, "
            f"{sum(v.reached is None for v in now)} not available"
        )
    if later:
        counts.append(f"of later issues {sum(v.reached is True for v in later)} of {len(later)}")
    return f"{'; '.join(counts)}."


def warnings(content: dict[str, Any]) -> list[str]:
    """Return why the figures of a document should not be quoted."""
    said = []
    settings, machine = content["settings"], content["machine"]
    if not content["quotable"]:
        said.append(
            f"size {settings['size']}, {settings['rounds']} rounds: to look at, not to quote "
            "(quoting takes size full and nine rounds)"
        )
    load = machine["load_average_before"]
    if load is not None and load > NOISY_LOAD:
        said.append(f"the machine was busy before the run (load average {load:.2f})")
    if machine.get("commit_changed_files"):
        said.append(f"{machine['commit_changed_files']} files differ from the commit")
    turned_on = [case["name"] for case in content["cases"] if case["gil"] and not machine["gil"]]
    if turned_on:
        said.append(f"something that was imported turned the GIL on in {', '.join(turned_on)}")
    return said


def _not_available(problem: str) -> str:
    return problem if problem.startswith("failed") else f"not available: {problem}"


def markdown(content: dict[str, Any], results: Sequence[CaseResult]) -> str:
    """Return a results document as Markdown: machine, bars, then every table."""
    machine, settings = content["machine"], content["settings"]
    interpreter = machine["interpreter"].replace("\n", " ")
    gil = "with the GIL" if machine["gil"] else "free-threaded"
    lines = [f"### {interpreter.split(' (')[0]}, {gil}", ""]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    lines += [
        f"- processor: {machine['cpu']}, {machine['cpus_online']} online, "
        f"{machine['cpus_affinity']} allowed, quota {machine['cpu_quota']}, "
        f"sharing a core with cpu 0: {machine['threads_sharing_a_core']}",
        f"- caches: {'; '.join(machine['caches'])}",
        f"- system: {machine['kernel']}, {machine['c_library']}, {machine['compiler']}",
        f"- interpreter: {interpreter}",
        f"- versions: {versions}",
        f"- commit {machine['commit']}, {machine['date']}, load average "
        f"{machine['load_average_before']} before and {machine['load_average_after']} after",
        f"- {settings['rounds']} alternating rounds, size {settings['size']}, "
        f"{settings['workers']} workers, start method {machine['start_method']}",
    ]
    lines += [f"- **careful**: {text}" for text in warnings(content)]
    verdicts = [verdict for result in results for verdict in result.verdicts]
    if verdicts:
        lines += ["", as_markdown(BAR_HEAD, bar_rows(verdicts)), "", bars_sentence(results)]
    for result in results:
        lines += ["", f"#### {result.name}: {result.question}"]
        if result.status != OK and not result.outcomes:
            lines += ["", f"{result.status}: {result.reason}"]
        for outcome in result.outcomes:
            if outcome.problem:
                lines += ["", f"{outcome.name}: {_not_available(outcome.problem)}"]
                continue
            detail = f" ({outcome.detail})" if outcome.detail else ""
            lines += ["", f"{outcome.name}, for one {outcome.unit}{detail}:", ""]
            lines.append(as_markdown(STANDING_HEAD, standing_rows(outcome)))
    return "\n".join(lines) + "\n"


def put_between_marks(path: Path, text: str) -> None:
    """Replace what stands between the marks of a document.

    Raises
    ------
    ValueError
        It has not exactly one pair of marks.
    """
    old = path.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1 or old.index(BEGIN) > old.index(END):
        raise ValueError(f"{path}: needs one '{BEGIN} ...-->' and one '{END}' below it")
    head_end = old.index("\n", old.index(BEGIN)) + 1
    new = f"{old[:head_end]}\n{text.strip()}\n\n{old[old.index(END) :]}"
    path.write_text(new, encoding="utf-8")
