"""Queues between threads: the standard module's names, compiled, and lock-free where order allows it.

`Queue`, `LifoQueue`, `SimpleQueue` and `ShardedQueue` are lock-free or nearly so; `PriorityQueue` has a
lock, because it compares items. A `Queue` or `LifoQueue` that a program reaches inside (``q.mutex``,
``q.queue``, ...), or whose subclass overrides a hook (``_put``, ...), gets one too, and goes on
working.
"""

from allcores._native.queues import (
    LifoQueue,
    PriorityQueue,
    Queue,
    ShardedQueue,
    SimpleQueue,
    select,
)
from allcores.errors import Empty, Full, ShutDown

__all__ = [
    "Empty",
    "Full",
    "LifoQueue",
    "PriorityQueue",
    "Queue",
    "ShardedQueue",
    "ShutDown",
    "SimpleQueue",
    "select",
]
