"""What a job is: a sample of the input, five ways to do the work on it, and its share for a ceiling."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from allcores.cli.jobs.sample import Input
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["MODES", "SERIAL", "Job", "Size", "Skip"]

SERIAL = "serial"

#: The modes that take a number of workers: what is printed, and the method of `Job`.
MODES = {
    "standard threads": "standard_threads",
    "allcores threads": "allcores_threads",
    "standard processes": "standard_processes",
    "allcores processes": "allcores_processes",
}


@dataclass(frozen=True)
class Size:
    """How large samples are."""

    seconds: float  # what the serial run of a sample should take, about
    full: bool = False  # all of the input instead
    quick: bool = False  # also what has a fixed size is small


class Skip(Exception):
    """The input holds nothing for this job; says what is missing."""


class Job(ABC):
    """A job on its sample. Lives in one process, which measures this job and nothing else.

    Making it chooses the sample, once. The five methods do the same work on it. Each brings its
    workers up first, then holds the stopwatch on from the moment the work is handed out until the
    merged result is there, and lets the workers go after that.
    """

    name: ClassVar[str]
    title: ClassVar[str]  # what it does, for people

    #: Whether allcores' modes run a compiled kernel, so that one thread is faster already.
    kernel: ClassVar[bool] = False

    #: Whether a short measurement may do the work several times over.
    repeatable: ClassVar[bool] = True

    #: Whether the standard modes are also measured with one worker when that only repeats a serial
    #: run that takes long.
    costly: ClassVar[bool] = False

    #: Whether a process of the ceiling does all of the work, since it cannot be cut into shares;
    #: then N of them do N times as much.
    ceiling_copies: ClassVar[bool] = False

    sample: str  # what was chosen, for people
    items: int  # the work in all, in the unit of what `share` returns
    notes: tuple[str, ...] = ()

    @abstractmethod
    def __init__(self, given: Input, size: Size) -> None:
        """Choose the sample. Raises `Skip` if there is nothing for this job."""

    @abstractmethod
    def serial(self, clock: Stopwatch) -> Any:
        """Plain Python and its standard library, in one thread."""

    @abstractmethod
    def standard_threads(self, workers: int, clock: Stopwatch) -> Any:
        """The same, over the standard library's threads."""

    @abstractmethod
    def allcores_threads(self, workers: int, clock: Stopwatch) -> Any:
        """With allcores, in one process."""

    @abstractmethod
    def standard_processes(self, workers: int, clock: Stopwatch) -> Any:
        """The same as `serial`, over the standard library's processes."""

    @abstractmethod
    def allcores_processes(self, workers: int, clock: Stopwatch) -> Any:
        """With allcores, in several processes."""

    @abstractmethod
    def share(self, index: int, workers: int) -> Callable[[], int]:
        """Return one of `workers` equal parts of the work, done as `allcores_threads` with one worker.

        Called in a process of its own, where it makes copies of its data. What it returns does the
        part, any number of times, and gives the number of items done.
        """

    @abstractmethod
    def answer(self, result: Any) -> dict[str, int]:
        """Return what must be the same for every mode: some numbers, one of them a checksum."""

    @abstractmethod
    def describe(self, answer: dict[str, int]) -> str:
        """Return the answer as people read it."""
