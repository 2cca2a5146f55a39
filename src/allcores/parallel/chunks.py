"""A chunk: some consecutive items of a map, and what became of them."""

import time
from collections.abc import Callable
from typing import Any

__all__ = ["Chunk"]


class Chunk:
    """Items `first` to `first + len(args) - 1` of a map.

    Written by the thread that makes it until it is submitted, then by one worker, then, when it is
    reported as done, by the consumer.
    """

    __slots__ = ("args", "error", "index", "results", "seconds")

    def __init__(self, index: int, args: list[Any]) -> None:
        self.index = index  # chunks are numbered in the order of the input
        self.args = args
        self.results: list[Any] = []
        self.error: BaseException | None = None  # raised by the item after the last result
        self.seconds = 0.0  # what the calls took

    def run(self, fn: Callable[..., Any], star: bool, stopped: Callable[[], bool]) -> None:
        """Call `fn` for each item, until one raises or the map is given up."""
        begin = time.perf_counter()
        results = self.results
        try:
            for arg in self.args:
                if stopped():
                    break
                results.append(fn(*arg) if star else fn(arg))
        except BaseException as error:
            self.error = error
        self.seconds = time.perf_counter() - begin
