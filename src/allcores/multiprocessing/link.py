"""What connects a child with its parent: a lifeline that ends it, and a report that outlives it.

The lifeline is a pipe. The parent keeps the writing end and never writes; the child keeps the
reading end and asks the kernel to send it SIGKILL when the last writing end is closed (O_ASYNC,
F_SETSIG), which the kernel does however the parent ends. No thread watches, so a child that forks
later is not warned of one, and no handler can be in the way. PR_SET_PDEATHSIG would track the
thread that started the child instead of the process. A child that is forked inherits the writing
ends of its elder siblings: it closes them at once, else they would live as long as it does.

The report is a memfd (where there is none, an unlinked file): the child writes what it raised, and
the length last; the parent reads when the child has ended. However large it is, nobody waits.
"""

import os
import pickle
import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

from allcores.errors import RemoteError

__all__ = ["Link", "RemoteTraceback"]

_LENGTH_BYTES = 8


class RemoteTraceback(Exception):
    """Carries the traceback of another process as text: the ``__cause__`` of what it raised."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


# Bound early, as `Link.__del__` may need them when the names of this module are gone.
def _closed(fd: int, _close: Callable[[int], None] = os.close) -> int:
    if fd >= 0:
        _close(fd)
    return -1


class Link:
    """The descriptors of one child: made before it starts, used on both sides.

    Parameters
    ----------
    lifeline : bool
        Whether the child ends with its parent.
    """

    __slots__ = ("__weakref__", "_read_end", "_report", "_started", "_write_end")

    def __init__(self, lifeline: bool) -> None:
        self._report = self._read_end = self._write_end = -1
        self._started = False
        _links.add(self)
        self._report = _unnamed_file()
        if lifeline:
            self._read_end, self._write_end = os.pipe()

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd

        read_end = None if self._read_end < 0 else DupFd(self._read_end)
        return _open_in_child, (DupFd(self._report), read_end)

    def __del__(self) -> None:
        self.close()

    def close(self, _closed: Callable[[int], int] = _closed) -> None:
        """Close every descriptor. In the parent of a living child, this ends the child."""
        self._read_end = _closed(self._read_end)
        self._write_end = _closed(self._write_end)
        self._report = _closed(self._report)

    # -- in the parent --

    def started(self) -> None:
        """Let go of the child's end, once it has its own."""
        self._started = True
        self._read_end = _closed(self._read_end)

    def collect(self) -> BaseException | None:
        """Return what the child raised, once it has ended, and close the link."""
        try:
            length = int.from_bytes(os.pread(self._report, _LENGTH_BYTES, 0), "little")
            data = b""
            while len(data) < length:
                piece = os.pread(self._report, length - len(data), _LENGTH_BYTES + len(data))
                if not piece:
                    return None
                data += piece
        except OSError:
            return None
        finally:
            self.close()
        return _read_report(data) if length else None

    def forget_in_forked_child(self) -> None:
        """Close what belongs to the parent, in a child of it that is not this link's."""
        self._write_end = _closed(self._write_end)
        if self._started:
            self._report = _closed(self._report)

    # -- in the child --

    def hold(self) -> None:
        """From now on, end with the parent."""
        self._write_end = _closed(self._write_end)
        if self._read_end >= 0:
            _die_with(self._read_end)

    def report(self, error: BaseException) -> None:
        """Write down what the child raised. Failing is no reason to hide the error itself."""
        data = _write_report(error)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._report, data[written:], _LENGTH_BYTES + written)
            # Last: killed before this, the child has reported nothing.
            os.pwrite(self._report, len(data).to_bytes(_LENGTH_BYTES, "little"), 0)
        except OSError:
            pass


_links: "weakref.WeakSet[Link]" = weakref.WeakSet()


def _open_in_child(report: Any, read_end: Any) -> Link:
    link = Link.__new__(Link)
    link._started = False
    link._write_end = -1
    link._report = report.detach()
    link._read_end = -1 if read_end is None else read_end.detach()
    for fd in (link._report, link._read_end):
        if fd >= 0:
            os.set_inheritable(fd, False)
    return link


def _unnamed_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("allcores-report", os.MFD_CLOEXEC)
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


if sys.platform == "linux":
    import fcntl
    import select

    def _die_with(read_end: int) -> None:
        fcntl.fcntl(read_end, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(read_end, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(read_end, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        poll = select.poll()
        poll.register(read_end, 0)
        if poll.poll(0):  # it died before the kernel knew about us
            os.kill(os.getpid(), signal.SIGKILL)

else:

    def _die_with(read_end: int) -> None:
        def watch() -> None:
            os.read(read_end, 1)  # returns when the last writing end is closed
            os._exit(128 + 9)

        threading.Thread(target=watch, name="allcores-lifeline", daemon=True).start()


def _write_report(error: BaseException) -> bytes:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        pickled = bytes(ForkingPickler.dumps(error))
    except Exception:
        pickled = b""  # the words must do
    try:
        words = repr(error)
    except Exception:
        words = f"<{type(error).__name__}, whose repr raises>"
    return pickle.dumps((words, text, pickled))


def _read_report(data: bytes) -> BaseException:
    words, text, pickled = pickle.loads(data)
    error: object = None
    if pickled:
        try:
            error = pickle.loads(pickled)
        except Exception:
            pass  # an exception whose __init__ wants other arguments than its args
    if not isinstance(error, BaseException):
        error = RemoteError(words, text)
    error.__cause__ = RemoteTraceback(text)
    return error


def _after_fork_in_child() -> None:
    for link in list(_links):
        link.forget_in_forked_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
