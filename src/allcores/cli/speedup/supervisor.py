"""Starts the process that measures a job, listens to it, and ends it and all it started.

The supervisor does nothing heavy, so that Ctrl-C always finds it listening: ``sorted(keys)`` or
``Counter(data.split())`` would answer seconds later. The measuring process leads a process group of
its own, to which its workers belong too; whoever it leaves behind becomes the supervisor's child.
Nobody there hears Ctrl-C: the supervisor ends the whole group.
"""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe
from types import FrameType
from typing import Any

from allcores.cli.exits import Failure, Terminated
from allcores.cli.jobs.sample import Input
from allcores.cli.speedup.options import Options
from allcores.cli.speedup.progress import Progress
from allcores.cli.speedup.records import JobRecord
from allcores.cli.speedup.runner import measure_job
from allcores.cli.system import adopt_orphans, end_with_parent

__all__ = ["supervise"]

#: The progress bar is drawn so often, and a signal waits no longer than this.
_LISTEN_SECONDS = 0.1

#: The measuring process has this long to end between two bytecodes, where it holds no half-made
#: semaphore or file; then the group is killed wherever it is.
_GRACE_SECONDS = 0.2

#: Killed processes are gone at once, unless the system is very busy.
_REAP_SECONDS = 5.0

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def supervise(name: str, given: Input, options: Options, progress: Progress) -> JobRecord:
    """Measure one job in a process of its own.

    Parameters
    ----------
    name : str
    given : Input
    options : Options
    progress : Progress

    Returns
    -------
    JobRecord

    Raises
    ------
    Failure
        The job failed, or its process died.
    KeyboardInterrupt, Terminated
        A signal came. By then no process is left.
    """
    adopt_orphans(True)
    ours, theirs = Pipe(duplex=False)
    # A signal between the fork and `try` would leave the child without a master.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            ours.close()
            _serve(parent, theirs, name, given, options)
        try:
            with contextlib.suppress(OSError):
                os.setpgid(child, child)  # the child does the same: whoever comes first
            theirs.close()
            with _stopping_with_us(child):
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
                try:
                    return _listen(ours, name, progress)
                finally:
                    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        finally:
            _end_group(child)
    finally:
        ours.close()
        adopt_orphans(False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _listen(connection: "Connection[Any, Any]", name: str, progress: Progress) -> JobRecord:
    while True:
        if not connection.poll(_LISTEN_SECONDS):
            progress.redraw()
            continue
        try:
            kind, *values = connection.recv()
        except EOFError:
            raise Failure(f"{name}: the process that measured it died (out of memory?)") from None
        if kind == "tell":
            progress.update(*values)
        elif kind == "record":
            record: JobRecord = values[0]
            return record
        elif kind == "failure":
            raise Failure(values[0])
        else:  # a crash: a bug here or in the library
            raise Failure(f"{name}: {values[0]}")


def _end_group(leader: int) -> None:
    """End the measuring process and everybody in its group, and wait until they are gone."""
    _kill(os.kill, leader, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    gone = False
    while not gone and time.monotonic() < deadline:
        gone = _reaped(leader)
        if not gone:
            time.sleep(0.002)
    _kill(os.killpg, leader, signal.SIGKILL)
    deadline = time.monotonic() + _REAP_SECONDS
    while time.monotonic() < deadline:
        try:
            # Where orphans are not adopted this waits for the leader alone; the others' death is
            # as certain, and the system's first process waits for them.
            if os.waitpid(-leader, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        except ChildProcessError:
            return


def _reaped(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        return True


def _kill(how: Any, target: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(target, number)


@contextlib.contextmanager
def _stopping_with_us(group: int) -> Iterator[None]:
    """While it lasts: Ctrl-Z stops the group too, and SIGTERM and SIGHUP raise `Terminated`."""

    def stop(number: int, frame: FrameType | None) -> None:
        _kill(os.killpg, group, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        _kill(os.killpg, group, signal.SIGCONT)

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    handlers = {signal.SIGTSTP: stop, signal.SIGTERM: end, signal.SIGHUP: end}
    before = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup stays nohup
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# -- in the measuring process ------------------------------------------------------------------------


def _serve(
    parent: int, connection: "Connection[Any, Any]", name: str, given: Input, options: Options
) -> None:
    """Measure and report. Never returns."""
    code = 1
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        leader = os.getpid()

        def end(number: int, frame: FrameType | None) -> None:
            # Also a worker's handler: ours and the standard library's end workers with SIGTERM.
            if os.getpid() == leader:
                os.killpg(leader, signal.SIGKILL)
            os._exit(128 + number)

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        end_with_parent(signal.SIGTERM, parent)
        record = measure_job(
            name, given, options, lambda text, part: connection.send(("tell", text, part))
        )
        connection.send(("record", record))
        code = 0
    except Failure as failure:
        connection.send(("failure", str(failure)))
    except BaseException as error:
        traceback.print_exc()
        connection.send(("crash", f"{type(error).__name__}: {error}"))
    finally:
        os._exit(code)
