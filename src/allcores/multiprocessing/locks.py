"""Locks and what is built on them, between processes: `multiprocessing.synchronize`, crash-safe.

All lie in segments of shared memory without a name, which are gone with the last process that has them.
`Lock`, `RLock`, `Semaphore`, `BoundedSemaphore`, `Event` and `AtomicInt` are compiled
(allcores._native.shm_sync); `Condition` and `Barrier` are built here, on a row of waiters in which each
has a place with its process's name on it, so that the dead are passed over.
"""

import time
from collections.abc import Callable
from multiprocessing import context
from threading import BrokenBarrierError
from types import TracebackType
from typing import TYPE_CHECKING, Any

from allcores._native.shm_sync import (
    AtomicInt,
    BoundedSemaphore,
    Event,
    Lock,
    RLock,
    Semaphore,
    WaitRow,
    is_dead,
    own_id,
)

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

__all__ = [
    "AtomicInt",
    "Barrier",
    "BoundedSemaphore",
    "BrokenBarrierError",
    "Condition",
    "Event",
    "Lock",
    "RLock",
    "Semaphore",
]

# Answers that a place in a row is given; 1 is none yet.
_NOTIFIED = 2
_BROKEN = 2
_PASSED = 3  # and more: 3 + index

_EVERYBODY = 0xFFFFFFFF


class Condition:
    """A condition between processes: `multiprocessing.Condition`.

    Parameters
    ----------
    lock : Lock or RLock, optional
        What protects the condition; without one, a new `RLock`.
    ctx : BaseContext
        The context that it belongs to; not used.

    Notes
    -----
    A notification goes to those who have waited longest, of those who live: a process that died while
    it waited takes none away. A waiter that leaves by an exception after it was chosen passes its
    notification on. When the process that has the lock dies, the next has it, with an OwnerDiedWarning;
    `wait` returns, or raises that warning where it is an error, with the lock held. It reaches children
    by inheritance or as an argument of a `Process`. At most some 2,700 wait at once.
    """

    def __init__(self, lock: Any = None, *, ctx: "BaseContext | None" = None) -> None:
        self._lock = RLock() if lock is None else lock
        self._row = WaitRow()
        self._make_methods()

    def _make_methods(self) -> None:
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def __reduce__(self) -> tuple[Any, ...]:
        context.assert_spawning(self)
        return _condition_again, (type(self), self._lock, self._row), _own_attributes(self)

    def __enter__(self) -> bool:
        return bool(self._lock.__enter__())

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        tb: TracebackType | None = None,
    ) -> None:
        self._lock.__exit__(exc_type, exc, tb)

    def __repr__(self) -> str:
        try:
            waiting = str(self._row.count())
        except Exception:
            waiting = "unknown"
        return f"<{type(self).__name__}({self._lock}, {waiting})>"

    def wait(self, timeout: float | None = None) -> bool:
        """Give the lock back, wait for a notification, and take the lock again.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: not at all.

        Returns
        -------
        bool
            Whether there was a notification.

        Raises
        ------
        AssertionError
            This thread does not have the lock.
        """
        lock = self._lock._semlock
        assert lock._is_mine(), "must acquire() condition before using wait()"
        place = self._row.enter()
        depth = _release_all(self._lock)
        try:
            place.wait(timeout)
        except BaseException:
            if place.leave() == _NOTIFIED:
                self._row.answer(1, _NOTIFIED)  # it goes to another
            _restore(self._lock, depth)
            raise
        # An answer that comes until here counts.
        answer = place.leave()
        _restore(self._lock, depth)
        return bool(answer == _NOTIFIED)

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        """Wait until `predicate` is true; return what it returned last, also when the time is over."""
        result = predicate()
        if result:
            return result
        deadline = None if timeout is None else time.monotonic() + timeout
        while not result:
            left = None
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
            self.wait(left)
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        """Wake `n` of those who wait and live, or all if there are less.

        Raises
        ------
        AssertionError
            This thread does not have the lock.
        """
        assert self._lock._semlock._is_mine(), "lock is not owned"
        if n > 0:
            self._row.answer(min(n, _EVERYBODY), _NOTIFIED)

    def notify_all(self) -> None:
        """Wake everybody who waits."""
        self.notify(_EVERYBODY)

    # What CPython's own tests, and programs that look inside, know of a condition.

    @property
    def _sleeping_count(self) -> "_Count":
        return _Count(self._row.count())

    @property
    def _woken_count(self) -> "_Count":
        return _Count(0)

    @property
    def _wait_semaphore(self) -> "_Count":
        return _Count(0)


class _Count:
    """A number where the standard library has a semaphore that counts."""

    def __init__(self, value: int) -> None:
        self._value = value

    def get_value(self) -> int:
        return self._value


def _condition_again(cls: type[Condition], lock: Any, row: WaitRow) -> Condition:
    condition = cls.__new__(cls)
    condition._lock = lock
    condition._row = row
    condition._make_methods()
    return condition


def _own_attributes(obj: Any) -> dict[str, Any] | None:
    # What a subclass has set.
    made = ("_lock", "_row", "acquire", "release")
    return {name: value for name, value in obj.__dict__.items() if name not in made} or None


def _release_all(lock: Any) -> int:
    if isinstance(lock, (Lock, RLock)):
        return lock._release_all()
    depth: int = lock._semlock._count()  # one of the standard library's
    for _ in range(depth):
        lock.release()
    return depth


def _restore(lock: Any, depth: int) -> None:
    if isinstance(lock, (Lock, RLock)):
        lock._restore(depth)
        return
    for _ in range(depth):
        lock.acquire()


# The states of a barrier. From _ACTING on, the number says which round's action is being run.
_FILLING, _IS_BROKEN, _ACTING = 0, 1, 2

#: How often one who waits for an action looks whether the process that runs it is alive: seconds.
_LOOK = 0.25


class Barrier:
    """A barrier between processes: `multiprocessing.Barrier`.

    Parameters
    ----------
    parties : int
        How many must arrive.
    action : callable, optional
        What one of them calls before all go on.
    timeout : float or None
        Of `wait`, where it is given none.
    ctx : BaseContext
        The context that it belongs to; not used.

    Notes
    -----
    A process that dies while it waits has not arrived: another must come in its place. If the one that
    runs the action dies in it, the barrier is broken. It reaches children by inheritance or as an
    argument of a `Process`.
    """

    def __init__(
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
        *,
        ctx: "BaseContext | None" = None,
    ) -> None:
        if parties < 1:
            raise ValueError("parties must be >= 1")
        self._parties = parties
        self._action = action
        self._timeout = timeout
        self._guard = Lock()  # taken for a few steps, never while the action is run
        self._row = WaitRow()
        self._state = AtomicInt(_FILLING)
        self._leader = AtomicInt(0)  # who runs the action (own_id), written before _state says so
        self._rounds = AtomicInt(0)
        self._idle = Event()  # down while an action is run
        self._idle.set()

    def __reduce__(self) -> tuple[Any, ...]:
        context.assert_spawning(self)
        return _barrier_again, (type(self),), self.__dict__

    def __repr__(self) -> str:
        cls = type(self)
        if self.broken:
            return f"<{cls.__module__}.{cls.__qualname__} at {id(self):#x}: broken>"
        return (
            f"<{cls.__module__}.{cls.__qualname__} at {id(self):#x}:"
            f" waiters={self.n_waiting}/{self.parties}>"
        )

    @property
    def parties(self) -> int:
        """How many must arrive."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many have arrived and wait, and live."""
        self._guard._take()  # all who are let go are, before anybody sees one of them gone
        try:
            return int(self._row.count()) if self._state.load() == _FILLING else 0
        finally:
            self._guard.release()

    @property
    def broken(self) -> bool:
        """Whether it is broken: `wait` raises until there is a `reset`."""
        return bool(self._state.load() == _IS_BROKEN)

    def wait(self, timeout: float | None = None) -> int:
        """Arrive, and wait for the others.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most, after which the barrier is broken; None: as it was made with.

        Returns
        -------
        int
            From 0 to ``parties - 1``, each once; the one that arrived last has the highest.

        Raises
        ------
        BrokenBarrierError
            It is broken, was broken or reset while this one waited, or the time is over.
        """
        if timeout is None:
            timeout = self._timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        acting: int | None = None
        while True:
            self._guard._take()
            try:
                state = self._state.load()
                if state == _IS_BROKEN:
                    raise BrokenBarrierError
                if state == _FILLING:
                    if self._row.count() + 1 >= self._parties:
                        acting = self._pass_or_act()
                        break
                    place = self._row.enter()
                    break
            finally:
                self._guard.release()
            # The round before is still in its action.
            if not self._idle.wait(_left(deadline, _LOOK)):
                self._look_at_leader()
                if deadline is not None and time.monotonic() >= deadline:
                    self.abort()
                    raise BrokenBarrierError
        if acting is not None:
            return self._act(acting) if acting else self._parties - 1
        return self._await(place, deadline)

    def _await(self, place: Any, deadline: float | None) -> int:
        try:
            while True:
                # Only an action leaves something to look after.
                answer = place.wait(_left(deadline, _LOOK if self._action else None))
                if answer != 1:
                    break
                self._look_at_leader()
                if deadline is not None and time.monotonic() >= deadline:
                    break
        except BaseException:
            place.leave()
            raise
        answer = place.leave()
        if answer >= _PASSED:
            return int(answer) - _PASSED
        if answer == 1:
            self.abort()  # the time is over
        raise BrokenBarrierError

    def _pass_or_act(self) -> int:
        # Under the guard, as the last. 0: all others go on; else the state in which the action is run.
        if self._action is None:
            self._pass()
            return 0
        acting = _ACTING + self._rounds.fetch_add(1)
        self._leader.store(own_id())
        self._idle.clear()
        self._state.store(acting)
        return acting

    def _pass(self) -> None:
        for index in range(self._parties - 1):
            self._row.answer(1, _PASSED + index)

    def _act(self, acting: int) -> int:
        try:
            self._action()  # type: ignore[misc]
        except BaseException:
            self.abort()
            raise
        self._guard._take()
        try:
            if self._state.load() != acting:
                raise BrokenBarrierError  # by abort() or reset() meanwhile
            self._pass()
            self._state.store(_FILLING)
            self._idle.set()
        finally:
            self._guard.release()
        return self._parties - 1

    def _look_at_leader(self) -> None:
        if self._state.load() >= _ACTING and is_dead(self._leader.load()):
            self._guard._take()
            try:
                if self._state.load() >= _ACTING and is_dead(self._leader.load()):
                    self._turn(_IS_BROKEN)
            finally:
                self._guard.release()

    def _turn(self, state: int) -> None:
        # Under the guard: everybody who waits finds it broken.
        self._state.store(state)
        self._row.answer(_EVERYBODY, _BROKEN)
        self._idle.set()

    def reset(self) -> None:
        """Bring it back to its empty state; who waits gets BrokenBarrierError."""
        self._guard._take()
        try:
            self._turn(_FILLING)
        finally:
            self._guard.release()

    def abort(self) -> None:
        """Break it; who waits, and who comes until a `reset`, gets BrokenBarrierError."""
        self._guard._take()
        try:
            self._turn(_IS_BROKEN)
        finally:
            self._guard.release()


def _left(deadline: float | None, most: float | None) -> float | None:
    if deadline is None:
        return most
    left = max(0.0, deadline - time.monotonic())
    return left if most is None else min(most, left)


def _barrier_again(cls: type[Barrier]) -> Barrier:
    return cls.__new__(cls)
