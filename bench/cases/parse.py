"""Pure Python on all cores: ast.parse of the standard library, node types counted."""

import ast
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

from bench.harness.bars import Bar
from bench.harness.ceiling import Ceiling
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, Work, gil_enabled
from bench.inputs import library_sources
from bench.ours import ours

QUESTION = "how much of the machine does Python code reach, on threads and on processes?"
THREADS, CEILING = "allcores.parallel.map, threads", "ceiling: independent processes"
DEALT = "threading.Thread, the files dealt out before"
SERIAL, UNIT = "one thread, map()", "pass over the files"
# With the GIL no threads can: there the table shows that standard threads stay near one.
BARS = [] if gil_enabled() else [Bar("ast.parse on threads", "threads", THREADS, CEILING, 0.90)]


def count_nodes(source: str) -> dict[str, int]:
    """Parse a file and count the types of its nodes."""
    return dict(Counter(type(node).__name__ for node in ast.walk(ast.parse(source))))


def merged(counts: Iterable[dict[str, int]]) -> Counter[str]:
    """Return the sum over all files."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def check(total: Counter[str]) -> str:
    """Return how many nodes of how many types there were."""
    return f"{total.total()} nodes of {len(total)} types, {total['Name']} names"


def serial(characters: int) -> Work:
    """Return the work on one thread; also for other processes."""
    sources = library_sources(characters)
    return Work.calling(lambda: merged(map(count_nodes, sources)), check=check)


def comparisons(settings: Settings) -> Builders:
    """Return threads and processes, ours and the standard ones, one thread and the ceiling."""
    characters = settings.pick(3_000, 300_000, 3_000_000)
    workers = settings.workers

    def mine(backend: str) -> Call:
        parallel_map, sources = ours("parallel", "map"), library_sources(characters)

        def run() -> Counter[str]:
            return merged(parallel_map(count_nodes, sources, workers=workers, backend=backend))

        return Call(f"allcores.parallel.map, {backend}", Work.calling(run, check=check))

    def standard(name: str, executor: Callable[..., Executor]) -> Call:
        sources = library_sources(characters)

        def run() -> Counter[str]:
            with executor(workers) as pool:
                # A chunk as large as fits two for each worker: without, a task is one file.
                chunk = max(1, len(sources) // (2 * workers))
                return merged(pool.map(count_nodes, sources, chunksize=chunk))

        return Call(f"{name}.map", Work.calling(run, check=check))

    def dealt() -> Call:
        # No library at all: what the interpreter itself lets threads reach that share its objects.
        sources = sorted(library_sources(characters), key=len, reverse=True)
        hands = [sources[first::workers] for first in range(workers)]

        def run() -> Counter[str]:
            totals: list[Counter[str]] = []

            def work(hand: list[str]) -> None:
                totals.append(merged(map(count_nodes, hand)))

            threads = [threading.Thread(target=work, args=(hand,)) for hand in hands]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return merged(totals)

        return Call(DEALT, Work.calling(run, check=check))

    def ceiling() -> Ceiling:
        return Ceiling(CEILING, serial, {"characters": characters}, workers)

    def detail() -> str:
        sources = library_sources(characters)
        return (
            f"{len(sources)} files, {sum(map(len, sources)):,} characters; {workers} workers; "
            "starting and ending them is inside"
        )

    def threads() -> Comparison:
        contenders: list[Contender] = [
            mine("threads"),
            standard("ThreadPoolExecutor", ThreadPoolExecutor),
            dealt(),
            Call(SERIAL, serial(characters)),
            ceiling(),
        ]
        return Comparison(UNIT, contenders, detail())

    def processes() -> Comparison:
        contenders: list[Contender] = [
            mine("processes"),
            standard("ProcessPoolExecutor", ProcessPoolExecutor),
            Call(SERIAL, serial(characters)),
            ceiling(),
        ]
        return Comparison(UNIT, contenders, detail())

    return {"threads": threads, "processes": processes}
