"""Queues between a thread that puts and a coroutine that takes.

Each maker returns what puts (called in a thread) and what takes (a coroutine function).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Ends = tuple[Callable[[Any], Any], Callable[[], Awaitable[Any]]]
Factory = Callable[[], Ends]


def through_a_thread(make: Callable[[], Any]) -> Factory:
    """Return ends of a queue that knows no coroutines: each get is a call in another thread."""

    def ends() -> Ends:
        queue = make()

        async def take() -> Any:
            return await asyncio.to_thread(queue.get)

        return queue.put, take

    return ends


def optional() -> tuple[dict[str, Factory], dict[str, str]]:
    """Return queues with two sides, and which are not installed."""
    found: dict[str, Factory] = {}
    absent: dict[str, str] = {}
    for name, load in (("culsans", _culsans), ("aiologic", _aiologic), ("janus", _janus)):
        try:
            found[name] = load()
        except ImportError as error:
            absent[name] = str(error)
    return found, absent


def _two_sided(make: Callable[[], Any]) -> Factory:
    def ends() -> Ends:
        queue = make()
        return queue.sync_q.put, queue.async_q.get

    return ends


def _culsans() -> Factory:
    import culsans

    return _two_sided(culsans.Queue)


def _janus() -> Factory:
    import janus

    return _two_sided(janus.Queue)


def _aiologic() -> Factory:
    import aiologic

    def ends() -> Ends:
        queue: Any = aiologic.SimpleQueue()
        return queue.green_put, queue.async_get

    return ends
