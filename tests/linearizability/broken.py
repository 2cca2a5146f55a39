"""Queues with one defect each, in plain Python: what the monitor must notice.

Each is right but for one call in a while (`every`). The right one is here too, for the controls.
"""

import collections
import heapq
import threading
import time
from typing import Any

from allcores.errors import Empty, Full


class Right:
    """A queue under one lock: nothing is wrong with it."""

    def __init__(self, maxsize: int = 0, every: int = 20) -> None:
        self.maxsize = maxsize
        self.every = every
        self.calls = 0
        self.inside: Any = collections.deque()
        self.changed = threading.Condition(threading.Lock())

    def turn(self) -> bool:
        """Whether this call is one that goes wrong. With the lock held."""
        self.calls += 1
        return self.calls % self.every == 0

    def insert(self, item: Any) -> None:
        self.inside.append(item)

    def remove(self) -> Any:
        return self.inside.popleft()

    def has_room(self) -> bool:
        return self.maxsize <= 0 or len(self.inside) < self.maxsize

    def has_items(self) -> bool:
        return len(self.inside) > 0

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (30 if timeout is None else timeout)
        with self.changed:
            while not self.has_room():
                if not block or not self.changed.wait(deadline - time.monotonic()):
                    raise Full
            self.insert(item)
            self.changed.notify_all()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        deadline = time.monotonic() + (30 if timeout is None else timeout)
        with self.changed:
            while not self.has_items():
                if not block or not self.changed.wait(deadline - time.monotonic()):
                    raise Empty
            item = self.remove()
            self.changed.notify_all()
            return item


class Reordering(Right):
    """A put comes to stand before all others."""

    def insert(self, item: Any) -> None:
        (self.inside.appendleft if self.turn() else self.inside.append)(item)


class Duplicating(Right):
    """A get leaves the item inside."""

    def remove(self) -> Any:
        return self.inside[0] if self.turn() else self.inside.popleft()


class Losing(Right):
    """A put says that it went in, and it did not."""

    def insert(self, item: Any) -> None:
        if not self.turn():
            self.inside.append(item)


class Inventing(Right):
    """A get returns what nobody put."""

    def remove(self) -> Any:
        item = self.inside.popleft()
        return ("nobody", self.calls) if self.turn() else item


class FalseEmpty(Right):
    """A get says Empty though there is something inside."""

    def has_items(self) -> bool:
        return super().has_items() and not self.turn()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        with self.changed:
            if not self.has_items():
                raise Empty
            return self.remove()


class FalseFull(Right):
    """A put says Full though there is room."""

    def has_room(self) -> bool:
        return super().has_room() and not self.turn()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        with self.changed:
            if not self.has_room():
                raise Full
            self.insert(item)


class OverFull(Right):
    """One more goes in than may."""

    def has_room(self) -> bool:
        return len(self.inside) < self.maxsize + 1


class Late(Right):
    """A put is over before its item can be seen: it appears at the next put."""

    hidden: Any = None

    def insert(self, item: Any) -> None:
        if self.hidden is not None:
            self.inside.append(self.hidden)
            self.hidden = None
        if self.turn():
            self.hidden = item
        else:
            self.inside.append(item)


class RightStack(Right):
    def remove(self) -> Any:
        return self.inside.pop()


class InvertedStack(RightStack):
    """A get takes the oldest."""

    def remove(self) -> Any:
        return self.inside.popleft() if self.turn() else self.inside.pop()


class RightHeap(Right):
    def __init__(self, maxsize: int = 0, every: int = 20) -> None:
        super().__init__(maxsize, every)
        self.inside = []

    def insert(self, item: Any) -> None:
        heapq.heappush(self.inside, item)

    def remove(self) -> Any:
        return heapq.heappop(self.inside)


class UnfairHeap(RightHeap):
    """A get takes the largest."""

    def remove(self) -> Any:
        if self.turn():
            self.inside.sort()
            return self.inside.pop()
        return heapq.heappop(self.inside)
