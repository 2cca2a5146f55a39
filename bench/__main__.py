"""The command: python -m bench [CASE ...]. Runs cases, prints every bar, reached or not."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.harness import report, results
from bench.harness.cases import FAILED, CaseResult, load, select
from bench.harness.comparison import QUOTABLE_ROUNDS, SIZES, Settings
from bench.harness.headline import headline
from bench.harness.isolation import run_isolated
from bench.harness.machine import load_average, machine_record, results_name

RESULTS = Path(__file__).parent / "results"
QUICK_ROUNDS = 3


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench",
        description="How fast is allcores, and against whom? Rivals alternate in one run.",
    )
    made.add_argument("case", nargs="*", help="names or globs of cases; all by default")
    made.add_argument("--list", action="store_true", help="list the cases and their bars, and end")
    made.add_argument("--quick", action="store_true", help="small sizes, few rounds: --size quick")
    made.add_argument("--size", choices=SIZES, default=None, help="full by default")
    made.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help=f"by default {QUOTABLE_ROUNDS}, with a smaller size {QUICK_ROUNDS}",
    )
    made.add_argument(
        "--workers", type=int, metavar="N", help="threads and processes; allcores.cpu_count()"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    made.add_argument(
        "--save",
        action="store_true",
        help="write bench/results/<machine>-<interpreter>-<date>.json; full size, nine rounds",
    )
    made.add_argument("--strict", action="store_true", help="a bar not reached is exit code 1")
    made.add_argument(
        "--render",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="print results files as Markdown, and end",
    )
    made.add_argument(
        "--headline",
        type=Path,
        metavar="FILE",
        help="print the README's sentence out of a results file, and end",
    )
    made.add_argument(
        "--into",
        type=Path,
        metavar="DOC",
        help="with --render or --headline: put it between DOC's marks",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0; 1 if a case failed, or with ``--strict`` a bar was not reached; 2 for a wrong argument.
    """
    made = parser()
    options = made.parse_args(arguments)
    try:
        if options.render:
            return _render(options.render, options.into)
        if options.headline:
            return _show(headline(results.read(options.headline)[0]), options.into)
        if options.into:
            raise ValueError("--into goes with --render or --headline")
        names = select(options.case)
        if options.list:
            return _list(names)
        settings = _settings(options)
    except (LookupError, ValueError, OSError) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 2
    try:
        return _run(names, settings, options)
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130


def _settings(options: argparse.Namespace) -> Settings:
    if options.quick and options.size not in (None, "quick"):
        raise ValueError(f"--quick is --size quick, not --size {options.size}")
    size = "quick" if options.quick else options.size or "full"
    rounds = options.rounds
    if rounds is None:
        rounds = QUOTABLE_ROUNDS if size == "full" else QUICK_ROUNDS
    settings = Settings(size, rounds, options.workers or _default_workers(options.workers))
    if options.save and not settings.quotable:
        raise ValueError(f"--save keeps what may be quoted: full size, {QUOTABLE_ROUNDS} rounds")
    if options.json and not options.json.resolve().parent.is_dir():
        raise ValueError(f"--json {options.json}: there is no such folder")
    return settings


def _default_workers(given: int | None) -> int:
    if given is not None:
        raise ValueError(f"--workers must be at least 1, not {given}")
    try:
        import allcores
    except ImportError as error:
        raise ValueError(f"cannot import allcores: {error}") from None
    return allcores.cpu_count()


def _list(names: Sequence[str]) -> int:
    for name in names:
        module = load(name)
        print(f"{name}: {module.QUESTION}")
        for bar in module.BARS:
            later = f" (later: issue {bar.issue})" if bar.later else ""
            least = f">= {bar.at_least:g} x" if bar.at_least else f"< +{bar.extra_below_s:g} s"
            print(f"    {bar.name}: {bar.ours} against {bar.rival}: {least}{later}")
    return 0


def _run(names: Sequence[str], settings: Settings, options: argparse.Namespace) -> int:
    machine = machine_record()
    print(
        f"{machine['cpu']}, {machine['cpus_affinity']} of {machine['cpus_online']} processors; "
        f"{machine['interpreter'].split(' (')[0]}, "
        f"{'with the GIL' if machine['gil'] else 'free-threaded'}; "
        f"allcores {machine['versions']['allcores']}; commit {machine['commit'][:12]}\n"
        f"size {settings.size}, {settings.rounds} alternating rounds, {settings.workers} workers; "
        "times are for one unit, wall and CPU\n",
        flush=True,
    )
    finished: list[CaseResult] = []
    for place, name in enumerate(names, 1):
        result = run_isolated(name, settings, f"[{place}/{len(names)}] ")
        finished.append(result)
        print(report.case_text(result), flush=True)
    machine["load_average_after"] = load_average()
    content = results.document(machine, settings, finished)
    print(report.bars_text(finished))
    for text in report.warnings(content):
        print(f"careful: {text}")
    for path in _files(options, machine):
        results.write(path, content)
        print(f"written: {path}")
    failed = [result.name for result in finished if result.status == FAILED]
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
        return 1
    return int(options.strict and _missed(finished))


def _missed(finished: Sequence[CaseResult]) -> bool:
    return any(
        verdict.reached is not True and not verdict.bar.later
        for result in finished
        for verdict in result.verdicts
    )


def _files(options: argparse.Namespace, machine: dict[str, object]) -> list[Path]:
    files = [options.json] if options.json else []
    if options.save:
        path = RESULTS / f"{results_name(machine)}.json"
        number = 2
        while path.exists():  # an earlier run of the day is not thrown away
            path = RESULTS / f"{results_name(machine)}-{number}.json"
            number += 1
        files.append(path)
    return files


def _render(files: Sequence[Path], into: Path | None) -> int:
    texts = [report.markdown(*results.read(file)) for file in files]
    return _show("\n".join(texts), into)


def _show(text: str, into: Path | None) -> int:
    if into is None:
        print(text.rstrip())
    else:
        report.put_between_marks(into, text)
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)  # or the case that runs would go on alone
    sys.exit(main())
