"""Semaphores, events, conditions and counters between threads, each with the standard names."""

import threading
from collections.abc import Callable
from typing import Any

Factory = Callable[[], Any]


def semaphores(bounded: bool, value: int = 1) -> tuple[dict[str, Factory], dict[str, str]]:
    """Return semaphores with ``with``, ``acquire`` and ``release``, and which are not installed."""
    name = "BoundedSemaphore" if bounded else "Semaphore"
    standard = getattr(threading, name)
    found: dict[str, Factory] = {f"threading.{name}": lambda: standard(value)}

    def aiologic() -> Factory:
        import aiologic

        inner = getattr(aiologic, name)

        class Adapter(inner):  # type: ignore[misc]
            """Its threads' side is called green_acquire."""

            def acquire(self) -> bool:
                return bool(self.green_acquire())

            def release(self) -> None:
                self.green_release()

        return lambda: Adapter(value)

    return _with(found, {f"aiologic.{name}": aiologic})


def events() -> tuple[dict[str, Factory], dict[str, str]]:
    """Return events with ``set``, ``clear`` and ``wait``."""

    def aiologic() -> Factory:
        import aiologic

        return lambda: aiologic.REvent()

    return _with({"threading.Event": threading.Event}, {"aiologic.REvent": aiologic})


def set_events() -> tuple[dict[str, Factory], dict[str, str]]:
    """Return events of which only ``set`` and ``wait`` are needed."""

    def cereggii() -> Factory:
        import cereggii

        return lambda: cereggii.AtomicEvent()

    found, absent = events()
    return _with(found, {"cereggii.AtomicEvent": cereggii}, absent)


def conditions() -> tuple[dict[str, Factory], dict[str, str]]:
    """Return conditions with ``with`` and ``notify``."""

    def aiologic() -> Factory:
        import aiologic

        return lambda: aiologic.Condition()

    return _with({"threading.Condition": threading.Condition}, {"aiologic.Condition": aiologic})


class LockedInt:
    """What a program has today: a number and a lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0

    def add_one(self) -> None:
        """Add one."""
        with self.lock:
            self.value += 1

    def load(self) -> int:
        """Return the number."""
        return self.value


def counters() -> tuple[dict[str, Callable[[], tuple[Any, Any]]], dict[str, str]]:
    """Return makers of counters, each a pair: what adds one, and what reads the number."""

    def locked() -> tuple[Any, Any]:
        counter = LockedInt()
        return counter.add_one, counter.load

    def cereggii() -> Factory:
        import cereggii

        def make() -> tuple[Any, Any]:
            counter = cereggii.AtomicInt64(0)
            return counter.increment_and_get, counter.get

        return make

    def ft_utils() -> Factory:
        from ft_utils.concurrency import AtomicInt64

        def make() -> tuple[Any, Any]:
            counter = AtomicInt64(0)
            return counter.incr, counter.get

        return make

    return _with(
        {"lock and int": locked}, {"cereggii.AtomicInt64": cereggii, "ft_utils AtomicInt64": ft_utils}
    )


def _with(
    found: dict[str, Factory],
    optional: dict[str, Callable[[], Factory]],
    absent: dict[str, str] | None = None,
) -> tuple[dict[str, Factory], dict[str, str]]:
    absent = dict(absent or {})
    for name, load in optional.items():
        try:
            found[name] = load()
        except ImportError as error:
            absent[name] = str(error)
    return found, absent
