"""pipeline: files -> queue -> workers -> queue -> merge, a line at a time.

The course's program: a reader, workers that pick the words of seven letters, and one who merges.
The standard library's and ours are the same text; only what `Queue` and the worker are differs.
Every line is a message, so that it is the queues that are measured.
"""

import queue
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from allcores import queue as our_queue
from allcores.cli.jobs.job import Job, Size, Skip
from allcores.cli.jobs.pools import Readiness, our_context, standard_context
from allcores.cli.jobs.sample import Input, Source, fitting_size, megabytes, take, total_size
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["JOB"]

_LETTERS = 7

#: Lines that a queue holds at most: the memory stays bounded, however large the input. Arbitrary.
_ROOM = 1024

_END = None  # one for each worker, as in the course

Result = tuple[int, Counter[bytes]]

_files: list[bytes] = []


def _read(files: Sequence[bytes], lines: Any, workers: int) -> None:
    for data in files:
        for item in enumerate(data.splitlines()):
            lines.put(item)
    for _ in range(workers):
        lines.put(_END)


def _pick(line: bytes) -> list[bytes]:
    return [word for word in line.split() if len(word) == _LETTERS]


def _work(lines: Any, found: Any) -> None:
    while (item := lines.get()) is not _END:
        number, line = item
        found.put((number, _pick(line)))
    found.put(_END)


def _merge(found: Any, workers: int) -> Result:
    counts: Counter[bytes] = Counter()
    total = 0
    while workers:
        item = found.get()
        if item is _END:
            workers -= 1
            continue
        total += 1
        counts.update(item[1])
    return total, counts


def _serially(files: Sequence[bytes]) -> Result:
    """The pipeline in one thread: each line goes through both queues by itself."""
    lines: queue.Queue[Any] = queue.Queue(_ROOM)
    found: queue.Queue[Any] = queue.Queue(_ROOM)
    counts: Counter[bytes] = Counter()
    total = 0
    for data in files:
        for item in enumerate(data.splitlines()):
            lines.put(item)
            number, line = lines.get()
            found.put((number, _pick(line)))
            _, words = found.get()
            total += 1
            counts.update(words)
    return total, counts


def _in_threads(make_queue: Any, files: Sequence[bytes], workers: int) -> Result:
    lines, found = make_queue(_ROOM), make_queue(_ROOM)
    threads = [threading.Thread(target=_read, args=(files, lines, workers))]
    threads += [threading.Thread(target=_work, args=(lines, found)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    result = _merge(found, workers)
    for thread in threads:
        thread.join()
    return result


def _read_when_let(readiness: Readiness, lines: Any, workers: int) -> None:
    readiness.report()
    readiness.wait_go()
    _read(_files, lines, workers)


def _work_from_start(readiness: Readiness, lines: Any, found: Any) -> None:
    readiness.report()
    _work(lines, found)


def _in_processes(context: Any, workers: int, clock: Stopwatch) -> Result:
    readiness = Readiness()
    lines, found = context.Queue(_ROOM), context.Queue(_ROOM)
    crew = [context.Process(target=_read_when_let, args=(readiness, lines, workers), daemon=True)]
    crew += [
        context.Process(target=_work_from_start, args=(readiness, lines, found), daemon=True)
        for _ in range(workers)
    ]
    try:
        for process in crew:
            process.start()
        readiness.wait(len(crew))
        with clock:
            readiness.go()
            result = _merge(found, workers)
        for process in crew:
            process.join()
        return result
    finally:
        lines.close()
        found.close()
        readiness.close()


class Pipeline(Job):
    """The sample is a list of files in memory; a result is the number of lines, and a `Counter`."""

    name = "pipeline"
    title = "files -> queue -> workers -> queue -> merge, a message a line"
    repeatable = False  # its processes end with the last line

    def __init__(self, given: Input, size: Size) -> None:
        global _files
        everything = total_size(given.sources)
        wanted = everything
        if not size.full:
            # Half as long as others: the standard processes take four times as long as serial.
            wanted = fitting_size(
                lambda n: _serially(_data_of(given, n)), 1 << 16, everything, size.seconds / 2
            )
        _files = _data_of(given, wanted)
        self.items = sum(len(data.splitlines()) for data in _files)
        if self.items == 0:
            raise Skip("no line")
        share = "all" if wanted >= everything and given.complete else "a part"
        self.sample = f"{megabytes(sum(map(len, _files)))} of lines ({share} of the input)"

    def serial(self, clock: Stopwatch) -> Any:
        with clock:
            return _serially(_files)

    def standard_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock:
            return _in_threads(queue.Queue, _files, workers)

    def allcores_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock:
            return _in_threads(our_queue.Queue, _files, workers)

    def standard_processes(self, workers: int, clock: Stopwatch) -> Any:
        return _in_processes(standard_context(), workers, clock)

    def allcores_processes(self, workers: int, clock: Stopwatch) -> Any:
        return _in_processes(our_context(), workers, clock)

    def share(self, index: int, workers: int) -> Callable[[], int]:
        lines = [line for data in _files for line in data.splitlines(keepends=True)]
        cut = [len(lines) * number // workers for number in range(workers + 1)]
        mine = [b"".join(lines[cut[index] : cut[index + 1]])]

        def work() -> int:
            return _in_threads(our_queue.Queue, mine, 1)[0]

        return work

    def answer(self, result: Any) -> dict[str, int]:
        lines, counts = result
        checksum = sum(zlib.crc32(word) * count for word, count in counts.items())
        return {
            "lines": lines,
            "seven_letters": counts.total(),
            "checksum": checksum & 0xFFFFFFFF,
        }

    def describe(self, answer: dict[str, int]) -> str:
        return f"{answer['lines']:,} lines, {answer['seven_letters']:,} words of seven letters"


def _data_of(given: Input, size: int) -> list[bytes]:
    sources: list[Source] = take(given.sources, size)
    return [source.data for source in sources]


JOB = Pipeline
