"""Queues with one defect each, made of ours: what the scenarios must notice."""

import itertools
from contextlib import suppress
from typing import Any

from allcores.errors import Empty
from allcores.queue import Queue


class Losing(Queue):  # type: ignore[type-arg]
    """Each 20th item that is put one by one goes nowhere."""

    calls = itertools.count(1)

    def put(self, item: Any, *args: Any, **kwargs: Any) -> None:
        if next(self.calls) % 20:
            super().put(item, *args, **kwargs)

    def put_nowait(self, item: Any) -> None:
        self.put(item, False)


class Doubling(Queue):  # type: ignore[type-arg]
    """Each 20th get leaves its item behind."""

    calls = itertools.count(1)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        item = super().get(*args, **kwargs)
        if next(self.calls) % 20 == 0 and self.qsize() < 2:
            super().put(item, False)
        return item


class Swapping(Queue):  # type: ignore[type-arg]
    """The oldest item moves to the end when there are two or more."""

    def put(self, item: Any, *args: Any, **kwargs: Any) -> None:
        super().put(item, *args, **kwargs)
        if self.qsize() == 2:
            with suppress(Empty):  # others may have got them all since
                super().put_many(super().get_many(1, False))

    def put_nowait(self, item: Any) -> None:
        self.put(item, False)


class Keeping(Queue):  # type: ignore[type-arg]
    """What was inside once is never let go of."""

    kept: list[Any] = []  # noqa: RUF012 - of all of them

    def put(self, item: Any, *args: Any, **kwargs: Any) -> None:
        super().put(item, *args, **kwargs)
        self.kept.append(item)

    def put_nowait(self, item: Any) -> None:
        self.put(item, False)


class Interruptible(Queue):  # type: ignore[type-arg]
    """An item has left the queue, but can still be lost on its way to the caller."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        item = super().get(*args, **kwargs)
        for _ in range(2000):
            pass
        return item


class Sleeping(Queue):  # type: ignore[type-arg]
    """Each 20th put shows its item to nobody before the next put."""

    calls = itertools.count(1)

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self.held: list[Any] = []

    def qsize(self) -> int:
        return super().qsize() + len(self.held)

    def put(self, item: Any, *args: Any, **kwargs: Any) -> None:
        if next(self.calls) % 20 == 0:
            self.held.append(item)
            return
        while self.held:
            super().put(self.held.pop(), *args, **kwargs)
        super().put(item, *args, **kwargs)

    def put_many(self, items: Any, *args: Any, **kwargs: Any) -> None:
        for item in items:
            self.put(item, *args, **kwargs)
