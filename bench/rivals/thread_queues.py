"""Queues between threads, all with ``put(item)`` and ``get()`` that wait."""

import queue
from collections.abc import Callable
from typing import Any

Factory = Callable[[], Any]


def standard_unbounded() -> dict[str, Factory]:
    """Return the standard library's queues without a bound."""
    return {"queue.SimpleQueue()": queue.SimpleQueue, "queue.Queue()": queue.Queue}


def standard_bounded(maxsize: int) -> dict[str, Factory]:
    """Return the standard library's bounded queue."""
    return {f"queue.Queue({maxsize})": lambda: queue.Queue(maxsize)}


def optional(maxsize: int) -> tuple[dict[str, Factory], dict[str, str]]:
    """Return queues of other packages with this bound (0: none), and which are not installed."""
    found: dict[str, Factory] = {}
    absent: dict[str, str] = {}
    known = [("culsans", _culsans), ("aiologic", _aiologic), ("janus", _janus)]
    if not maxsize:
        known.append(("ft_utils", _ft_utils))  # it has no bound to offer
    for name, load in known:
        label = f"{name} ({maxsize or 'no bound'})"
        try:
            found[label] = load(maxsize)
        except ImportError as error:
            absent[label] = str(error)
    return found, absent


def _culsans(maxsize: int) -> Factory:
    import culsans

    return lambda: culsans.Queue(maxsize).sync_q


def _aiologic(maxsize: int) -> Factory:
    import aiologic

    class Adapter:
        """Its threads' side is called green_put and green_get."""

        def __init__(self) -> None:
            inner: Any = aiologic.Queue(maxsize) if maxsize else aiologic.SimpleQueue()
            self.put = inner.green_put
            self.get = inner.green_get
            self.qsize = inner.__len__

    return Adapter


def _janus(maxsize: int) -> Factory:
    import janus

    return lambda: janus.Queue(maxsize).sync_q


def _ft_utils(maxsize: int) -> Factory:
    from ft_utils.concurrency import ConcurrentQueue

    class Adapter:
        """Its names are push, pop and size."""

        def __init__(self) -> None:
            inner: Any = ConcurrentQueue()
            self.put = inner.push
            self.get = inner.pop
            self.qsize = inner.size

    return Adapter
