"""Queues between threads: the standard module's names, lock-free underneath.

``PriorityQueue`` is still the standard library's, so that a changed import keeps every program
working.
"""



from allcores._native.queues import LifoQueue, PriorityQueue, Queue, ShardedQueue, SimpleQueue
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
]
