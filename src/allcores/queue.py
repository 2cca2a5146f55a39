"""Queues between threads: the standard module's names, lock-free underneath.

``Queue`` and ``SimpleQueue`` are ours (docs: which-queue); ``LifoQueue`` and ``PriorityQueue`` are
still the standard library's, so that a changed import keeps every program working.
"""

from queue import LifoQueue, PriorityQueue

from allcores._native.queues import Queue, SimpleQueue
from allcores.errors import Empty, Full, ShutDown

__all__ = ["Empty", "Full", "LifoQueue", "PriorityQueue", "Queue", "ShutDown", "SimpleQueue"]
