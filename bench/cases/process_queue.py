"""Messages from one process to another through a queue."""

from contextlib import suppress
from functools import partial
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, NotAvailable, Work, WrongAnswer
from bench.harness.process_crew import ProcessCrew, ProcessShift
from bench.rivals import process_queues
from bench.rivals.process_queues import Family

QUESTION = "how fast do messages pass between two processes?"
OURS, STANDARD, FASTER = "allcores.multiprocessing", "multiprocessing", "faster_fifo"


def _bar(name: str, comparison: str, suffix: str, rival: str, at_least: float) -> Bar:
    ours, theirs = f"{OURS}.Queue{suffix}", f"{rival}.Queue{suffix}"
    return Bar(f"processes, {name}", comparison, ours, theirs, at_least, issue=5)


BARS = [
    _bar("small ints", "ints", "", STANDARD, 20.0),
    _bar("small ints, faster-fifo", "ints", "", FASTER, 10.0),
    _bar("two and two, 100 bytes", "pairs", ", two and two", STANDARD, 15.0),
    _bar("batches of 100, faster-fifo", "int batches", ", batches of 100", FASTER, 30.0),
    _bar("64 KB", "blocks", "", STANDARD, 15.0),
    _bar("64 KB, faster-fifo", "blocks", "", FASTER, 3.0),
]
BATCH = 100
MAXSIZE = 1000
BIG, BIG_MAXSIZE = 1_000_000, 8


def put_tuples(queue: Any, count: int) -> None:
    """Put small tuples one by one."""
    for i in range(count):
        queue.put((i, i, i, i, i))
    queue.finish()


def get_tuples(queue: Any, count: int) -> tuple[int, int]:
    """Take them one by one; return their number and a sum."""
    total = 0
    for _ in range(count):
        total += queue.get()[0]
    return count, total


def put_batches(queue: Any, count: int) -> None:
    """Put small tuples, a hundred to a call."""
    for first in range(0, count, BATCH):
        queue.put_batch([(i, i, i, i, i) for i in range(first, first + BATCH)])
    queue.finish()


def get_batches(queue: Any, count: int) -> tuple[int, int]:
    """Take them, up to a hundred to a call."""
    got = total = 0
    while got < count:
        batch = queue.get_batch(BATCH)
        got += len(batch)
        for item in batch:
            total += item[0]
    return got, total


def put_big(queue: Any, count: int) -> None:
    """Put megabytes, each with its number at both ends."""
    middle = bytes(BIG - 16)
    for i in range(count):
        end = i.to_bytes(8, "little")
        queue.put(end + middle + end)
    queue.finish()


def get_big(queue: Any, count: int) -> tuple[int, int]:
    """Take them; return their number and the sum of the numbers at their ends."""
    total = 0
    for _ in range(count):
        data = queue.get()
        first, last = int.from_bytes(data[:8], "little"), int.from_bytes(data[-8:], "little")
        if first != last or len(data) != BIG:
            raise WrongAnswer(f"a message of {len(data)} bytes with {first} and {last} at its ends")
        total += first
    return count, total


def put_ints(queue: Any, count: int) -> None:
    """Put small ints one by one."""
    for i in range(count):
        queue.put(i)
    queue.finish()


def get_ints(queue: Any, count: int) -> tuple[int, int]:
    """Take them one by one; return their number and sum."""
    total = 0
    for _ in range(count):
        total += queue.get()
    return count, total


def put_int_batches(queue: Any, count: int) -> None:
    """Put small ints, a hundred to a call."""
    for first in range(0, count, BATCH):
        queue.put_batch(list(range(first, first + BATCH)))
    queue.finish()


def get_int_batches(queue: Any, count: int) -> tuple[int, int]:
    """Take them, up to a hundred to a call."""
    got = total = 0
    while got < count:
        batch = queue.get_batch(BATCH)
        got += len(batch)
        total += sum(batch)
    return got, total


def put_blocks(queue: Any, count: int, size: int) -> None:
    """Put bytes, each with its number in front."""
    rest = bytes(size - 8)
    for i in range(count):
        queue.put(i.to_bytes(8, "little") + rest)
    queue.finish()


def get_blocks(queue: Any, count: int, size: int) -> tuple[int, int]:
    """Take them; return how many there were and the sum of their numbers."""
    total = 0
    for _ in range(count):
        data = queue.get()
        if len(data) != size:
            raise WrongAnswer(f"a message of {len(data)} bytes")
        total += int.from_bytes(data[:8], "little")
    return count, total


def crowd(family: Family, suffix: str, put: Any, get: Any, args: tuple[int, ...], maxsize: int,
          each: int, pairs: int) -> ProcessCrew:  # fmt: skip
    """Return some producers and as many consumers on one queue."""

    def plan(reps: int) -> ProcessShift:
        queue, count = family.queue(maxsize), reps * each

        def check(results: list[Any]) -> str:
            got = [sum(column) for column in zip(*results[pairs:], strict=True)]
            if got != [pairs * count, pairs * (count * (count - 1) // 2)]:
                raise WrongAnswer(f"{family.name}: put {pairs} times {count} messages, got {got}")
            return "all messages came once"

        bodies = [(put, (queue, count, *args))] * pairs + [(get, (queue, count, *args))] * pairs
        return ProcessShift(bodies, pairs * count, check, queue.close)

    return ProcessCrew(f"{family.name}.Queue{suffix}", family.process, plan)


def families() -> list[Family]:
    """Ours and its rivals, as far as they are installed."""
    found = [process_queues.allcores(), process_queues.standard(), process_queues.simple()]
    with suppress(NotAvailable):
        found.append(process_queues.faster_fifo())
    return found


def missing(suffix: str) -> dict[str, str]:
    """Return why a rival is not there."""
    try:
        process_queues.faster_fifo()
    except NotAvailable as error:
        return {f"{FASTER}.Queue{suffix}": str(error)}
    return {}


def contender(family: Family, suffix: str, put: Any, get: Any, maxsize: int, each: int) -> ProcessCrew:
    """Return a producer and a consumer on a queue of this family, all new each time."""

    def plan(reps: int) -> ProcessShift:
        queue, count = family.queue(maxsize), reps * each

        def check(results: list[Any]) -> str:
            if results[1] != (count, count * (count - 1) // 2):
                raise WrongAnswer(f"{family.name}: put {count} messages, got {results[1]}")
            return "all messages came once"

        bodies = [(put, (queue, count)), (get, (queue, count))]
        return ProcessShift(bodies, count, check, queue.close)

    return ProcessCrew(f"{family.name}.Queue{suffix}", family.process, plan)


def start_and_join(family: Family) -> Call:
    """Return the cost of a process that does nothing."""

    def run() -> int:
        process = family.process(target=int)
        process.start()
        process.join()
        return process.exitcode or 0

    return Call(f"{family.name}.Process", Work.calling(run))


def comparisons(settings: Settings) -> Builders:
    """Return small messages scalar and in batches, large ones, and the start of a process."""

    def queues(put: Any, get: Any, maxsize: int, each: int, suffix: str, said: str) -> Comparison:
        crews: list[Contender] = [
            contender(family, suffix, put, get, maxsize, each) for family in families()
        ]
        said = f"one producer, one consumer; {said}; faster_fifo: 64 MB"
        return Comparison("message", crews, said, missing(suffix))

    def starting() -> Comparison:
        families = [process_queues.allcores(), process_queues.standard()]
        return Comparison("start and join", [start_and_join(family) for family in families])

    def crowds(put: Any, get: Any, args: tuple[int, ...], maxsize: int, each: int, pairs: int,
               suffix: str, said: str) -> Comparison:  # fmt: skip
        crews: list[Contender] = [
            crowd(family, suffix, put, get, args, maxsize, each, pairs) for family in families()
        ]
        said += "; multiprocessing.simple is bounded by its pipe alone, faster_fifo by 64 MB"
        return Comparison("message", crews, said, missing(suffix))

    small = "tuples of five ints, counted and summed"
    return {
        "scalar": partial(
            queues, put_tuples, get_tuples, MAXSIZE, 100, "", f"{small}; maxsize {MAXSIZE}"
        ),
        "batch": partial(
            queues,
            put_batches,
            get_batches,
            0,
            BATCH,
            f", batches of {BATCH}",
            f"{small}; no bound; ours with put_many and get_many, theirs with a list as a message",
        ),
        "large": partial(
            queues, put_big, get_big, BIG_MAXSIZE, 2, "", f"{BIG:,} bytes; maxsize {BIG_MAXSIZE}"
        ),
        "ints": partial(
            crowds, put_ints, get_ints, (), MAXSIZE, 100, 1, "", f"small ints; maxsize {MAXSIZE}"
        ),
        "pairs": partial(
            crowds,
            put_blocks,
            get_blocks,
            (100,),
            MAXSIZE,
            100,
            2,
            ", two and two",
            f"two producers, two consumers; 100 bytes; maxsize {MAXSIZE}",
        ),
        "int batches": partial(
            crowds,
            put_int_batches,
            get_int_batches,
            (),
            0,
            BATCH,
            1,
            f", batches of {BATCH}",
            "small ints; no bound; ours with put_many and get_many, theirs with a list as a message",
        ),
        "blocks": partial(
            crowds, put_blocks, get_blocks, (1 << 16,), 100, 10, 1, "", "64 KB; maxsize 100"
        ),
        "process": starting,
    }
