"""The machine's ceiling: independent processes that share nothing, merge nothing and start together.

Each prepares its share of the sample and does it as allcores does with one worker. What they reach
together is what the processors, their caches and the memory allow; the rest is the library's.
"""

import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any

from allcores.cli.exits import Failure
from allcores.cli.jobs.job import Job
from allcores.cli.jobs.pools import standard_context

__all__ = ["measure_ceiling"]

#: From the word to begin until all begin: a few times what waking every process takes.
_LEAD_SECONDS = 0.005

#: For the first sign of life, on a busy machine. Preparing the largest share takes a second or two.
_START_SECONDS = 120.0


def measure_ceiling(job: Job, workers: int, passes: int) -> tuple[float, float]:
    """Run independent processes once.

    Parameters
    ----------
    job : Job
    workers : int
        How many processes.
    passes : int
        How often each does its share, in one go.

    Returns
    -------
    seconds, cpu_seconds : float
        For the sample once. The clock runs from the common start to the last process's end.
    """
    context = standard_context()
    connections: list[Connection[Any, Any]] = []
    processes = []
    try:
        for index in range(workers):
            ours, theirs = Pipe()
            process = context.Process(
                target=_serve, args=(job, index, workers, passes, theirs), daemon=True
            )
            process.start()
            theirs.close()
            connections.append(ours)
            processes.append(process)
        for connection in connections:
            _receive(connection)  # it is ready
        begin = time.perf_counter() + _LEAD_SECONDS
        for connection in connections:
            connection.send(begin)
        reports = [_receive(connection) for connection in connections]
        for process in processes:
            process.join()
    finally:
        for process in processes:
            if process.exitcode is None:
                process.kill()
                process.join()
        for connection in connections:
            connection.close()
    items = sum(report[2] for report in reports)
    copies = workers if job.ceiling_copies else 1
    if items != copies * job.items:
        raise Failure(
            f"{job.name}: the {workers} independent processes did {items:,} items "
            f"instead of {copies * job.items:,}"
        )
    seconds = max(report[0] for report in reports) - begin
    cpu_seconds = sum(report[1] for report in reports)
    return seconds / passes / copies, cpu_seconds / passes / copies


def _receive(connection: "Connection[Any, Any]") -> Any:
    if not connection.poll(_START_SECONDS):
        raise Failure(f"an independent process gave no sign of life for {_START_SECONDS:g} s")
    try:
        return connection.recv()
    except EOFError:
        raise Failure("an independent process died") from None


def _serve(
    job: Job, index: int, workers: int, passes: int, connection: "Connection[Any, Any]"
) -> None:
    work: Callable[[], int] = job.share(index, workers)
    if passes > 1:
        work()  # measured warm, as what is compared with it
    connection.send("ready")
    begin = connection.recv()
    while time.perf_counter() < begin:
        pass  # a sleep would end late, and each process at another moment
    cpu = time.process_time()
    for _ in range(passes):
        items = work()
    connection.send((time.perf_counter(), time.process_time() - cpu, items))
