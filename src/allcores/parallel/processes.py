"""Processes that run the chunks of a map: a queue to each, one queue back from all.

Each worker has a queue of its own, so that the parent always knows which chunks a worker holds: when
one is killed, exactly those fail, with `WorkerDied`, and nobody waits for them. No lock is shared
between workers, and no put can block (the queues are unbounded), so that two sides that both send
large things cannot block each other.
"""

import contextlib
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from typing import Any

from allcores import multiprocessing as mp
from allcores.errors import Empty, ShutDown, WorkerDied
from allcores.multiprocessing.queues import Queue
from allcores.parallel.chunks import Chunk

__all__ = ["ProcessCrew"]

#: How long the consumer sleeps before it looks whether a worker has died.
_LIVENESS_SECONDS = 0.05

#: How long a worker may take to end after it was told to, before it is killed.
_GRACE_SECONDS = 0.5


class ProcessCrew:
    """Up to `workers` processes, started as chunks come in. Used by one consumer thread."""

    #: How long a chunk should take: a hand-over costs tens of microseconds and a wake.
    chunk_seconds = 0.01

    def __init__(
        self, fn: Callable[..., Any], star: bool, workers: int, context: BaseContext | None
    ) -> None:
        self.workers = workers
        self._context: Any = mp.get_context() if context is None else context
        self._fn = self._portable(fn)
        self._star = star
        self._done: Any = Queue(ctx=self._context)
        self._crew: list[_Worker] = []
        self._failed: list[Chunk] = []

    def submit(self, chunk: Chunk) -> None:
        """Give a chunk to the worker with the fewest; start one more if all are busy."""
        alive = [worker for worker in self._crew if not worker.dead]
        worker = min(alive, key=lambda worker: len(worker.held), default=None)
        if worker is None or (worker.held and len(self._crew) < self.workers):
            worker = _Worker(self._context, self._fn, self._star, self._done, len(self._crew))
            self._crew.append(worker)
        worker.send(chunk)

    def refuse(self, chunk: Chunk) -> None:
        """Report a chunk as done that was not submitted: it has its error."""
        self._failed.append(chunk)

    def next_done(self) -> Chunk:
        """Wait for a chunk that is finished, in any order; those of dead workers are failed ones."""
        while True:
            if self._failed:
                return self._failed.pop(0)
            try:
                number, payload = self._done.get(timeout=_LIVENESS_SECONDS)
            except Empty:
                self._look_for_dead()
                continue
            chunk: Chunk | None = self._crew[number].receive(payload)
            if chunk is not None:
                return chunk

    def close(self, finished: bool) -> None:
        """End the workers: by word if they have nothing to do (`finished`), else by signal."""
        for worker in self._crew:
            worker.end(finished)
        deadline = time.monotonic() + _GRACE_SECONDS
        for worker in self._crew:
            worker.reap(deadline)
        self._crew.clear()
        self._done.shutdown(immediate=True)
        self._done.close()

    def _look_for_dead(self) -> None:
        for worker in self._crew:
            if worker.dead or worker.process.is_alive():
                continue
            # What it sent before it died is in the queue: that first.
            while True:
                try:
                    number, payload = self._done.get_nowait()
                except Empty:
                    break
                chunk = self._crew[number].receive(payload)
                if chunk is not None:
                    self._failed.append(chunk)
            self._failed += worker.bury()

    def _portable(self, fn: Callable[..., Any]) -> Any:
        """Return `fn` in a form that the context can send: as it is, or as cloudpickle's bytes."""
        if self._context.get_start_method() == "fork":
            return fn
        try:
            ForkingPickler.dumps(fn)
        except Exception as error:
            try:
                import cloudpickle  # type: ignore[import-not-found, unused-ignore]
            except ImportError:
                raise TypeError(
                    f"cannot send {fn!r} to another process ({error}); define it at the top "
                    "of a module, or install allcores[cloudpickle], or use backend='threads'"
                ) from error
            return _ByValue(cloudpickle.dumps(fn))
        return fn


class _ByValue:
    """A function that plain pickle cannot send, as bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data


class _Worker:
    """The parent's side of one worker process."""

    def __init__(self, context: Any, fn: Any, star: bool, done: Any, number: int) -> None:
        self.held: dict[int, Chunk] = {}  # by index, in the order in which it will run them
        self.dead = False
        self._tasks: Any = Queue(ctx=context)
        self.process: Any = context.Process(
            target=_work,
            args=(fn, star, self._tasks, done, number),
            name=f"allcores-map-{number + 1}",
            daemon=True,
        )
        self.process.start()

    def send(self, chunk: Chunk) -> None:
        self._tasks.put((chunk.index, chunk.args))  # pickles here: errors have the user's stack
        self.held[chunk.index] = chunk

    def receive(self, payload: bytes) -> Chunk | None:
        """Return the chunk that a message finishes, or None if it was given up meanwhile."""
        # A class whose unpickling fails must fail its own chunk, not the map's machinery.
        index, seconds, body = pickle.loads(payload)
        chunk = self.held.pop(index, None)
        if chunk is None:
            return None
        chunk.seconds = seconds
        try:
            chunk.results, chunk.error = pickle.loads(body)
        except Exception as error:
            chunk.error = error
        if isinstance(chunk.error, _Remote):
            chunk.error = chunk.error.rebuild()
        return chunk

    def bury(self) -> list[Chunk]:
        """Return what a dead worker held, as failed chunks."""
        self.dead = True
        self.process.join()
        code = self.process.exitcode
        how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        chunks = list(self.held.values())
        self.held.clear()
        for chunk in chunks:
            chunk.error = WorkerDied(
                f"worker process {self.process.pid} {how} while it held "
                f"{len(chunk.args)} item{'s' if len(chunk.args) != 1 else ''} of the map",
                self.process.pid,
                code,
            )
        return chunks

    def end(self, finished: bool) -> None:
        self._tasks.shutdown(immediate=not finished)
        if not finished and not self.dead:
            self.process.terminate()

    def reap(self, deadline: float) -> None:
        self.process.join(max(0.0, deadline - time.monotonic()))
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        self._tasks.close()
        self.process.close()


class _Remote(Exception):
    """An exception of a worker on its way: itself if it can be pickled, and its traceback as text."""

    def __init__(self, pickled: bytes | None, text: str, described: str) -> None:
        super().__init__(pickled, text, described)

    def rebuild(self) -> BaseException:
        pickled, text, described = self.args
        error: BaseException
        try:
            error = RuntimeError(described) if pickled is None else pickle.loads(pickled)
        except Exception:
            error = RuntimeError(described)
        error.__cause__ = RemoteTraceback(text)
        return error


class RemoteTraceback(Exception):
    """The cause of an exception that was raised in a worker: the traceback there, as text."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _pack_error(error: BaseException) -> _Remote:
    text = "".join(traceback.format_exception(error))
    described = f"{type(error).__module__}.{type(error).__qualname__}: {error}"
    try:
        pickled: bytes | None = bytes(ForkingPickler.dumps(error))
        pickle.loads(pickled or b"")  # some classes pickle and do not unpickle
    except Exception:
        pickled = None
    return _Remote(pickled, text, described)


def _pack(chunk: Chunk) -> bytes:
    """Serialise what became of a chunk; what cannot be sent becomes that item's error."""
    error = None if chunk.error is None else _pack_error(chunk.error)
    try:
        body = bytes(ForkingPickler.dumps((chunk.results, error)))
    except Exception:
        good = 0
        for result in chunk.results:
            try:
                ForkingPickler.dumps(result)
            except Exception as failure:
                kind = type(result).__name__
                failure.add_note(
                    f"The result of the map's function, a {kind}, could not be pickled on its way from "
                    "the worker process; return something else, or use backend='threads'"
                )
                error = _pack_error(failure)
                break
            good += 1
        body = bytes(ForkingPickler.dumps((chunk.results[:good], error)))
    return pickle.dumps((chunk.index, chunk.seconds, body))


def _never() -> bool:
    return False


def _work(fn: Any, star: bool, tasks: Any, done: Any, number: int) -> None:
    """Run chunks until the queue is shut down. The parent alone answers Ctrl-C, and ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if isinstance(fn, _ByValue):
        fn = pickle.loads(fn.data)
    while True:
        try:
            index, args = tasks.get()
        except ShutDown:
            return
        chunk = Chunk(index, args)
        chunk.run(fn, star, _never)
        if isinstance(chunk.error, SystemExit):
            sys.exit(chunk.error.code)
        done.put((number, _pack(chunk)))
