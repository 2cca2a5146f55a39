"""Locks that notice orders which can deadlock, and know who holds and who waits.

``ALLCORES_DEBUG=1`` makes these the ``Lock`` and ``RLock`` of ``allcores.threading``; without it this
file is not imported. The method is that of the Linux kernel's lockdep, lock by lock and not class by
class: "B was taken while A was held" is an edge A -> B, and an edge that closes a cycle is reported,
whether or not anybody is stuck at that moment.

How it avoids to deadlock itself: a destructor or a signal handler may take locks at any point in here.

- Nobody waits for the graph's mutex. An observation goes into ``_pending``; who gets the mutex works
  through it, and looks again after letting go, so that nothing is left lying.
- While a thread is in here, ``busy``, its locks are plain ones to the graph.
- A dead lock goes to ``_graveyard`` and is taken out of the graph by the next who has the mutex. Nodes
  are objects of their own and live until then, so that an id used again means nothing.

    node.holder    the acquisition that holds the lock; written by who has just taken it or is about
                   to release it
    thread.held    its acquisitions, oldest first; written by it, and by who releases in its place.
                   One that is no longer its lock's holder is stale
    node.after     edges; written under the mutex, read without
"""

import os
import sys
import traceback
import warnings
from _thread import RLock as _RawRLock
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, NoReturn

from allcores.errors import LockOrderWarning
from allcores.threading import lock_holders
from allcores.threading.lock_holders import (
    Edge,
    Held,
    Node,
    Stack,
    Thread,
    dump_locks,
    is_ours,
    name_of,
    stack_here,
    summary,
    this_thread,
)

__all__ = ["Lock", "LockOrderReport", "LockOrderStep", "RLock", "dump", "dump_locks"]

#: Observations that may wait for whoever has the mutex. Only reached if that one never lets go.
PENDING_LIMIT = 10_000

class _Observation:
    __slots__ = ("held", "name", "node", "stack")

    def __init__(self, held: list[Held], node: Node, name: str, stack: Stack) -> None:
        self.held = held
        self.node = node
        self.name = name
        self.stack = stack


class LockOrderStep:
    """One edge of a cycle: a thread held one lock and took the next.

    Attributes
    ----------
    thread : str
        Its name.
    held, taken : str
        The locks: kind, address, where they were made.
    held_stack, taken_stack : traceback.StackSummary
        Where each was taken.
    """

    def __init__(self, edge: Edge, held: Node, taken: Node) -> None:
        self.thread = edge.name
        self.held = held.title
        self.taken = taken.title
        self.held_stack = summary(edge.held)
        self.taken_stack = summary(edge.taken)


class LockOrderReport:
    """A cycle: locks that were taken in orders which can block each other for ever.

    Attributes
    ----------
    steps : tuple of LockOrderStep
        The last one closed the cycle. What one takes, the next one holds.
    """

    def __init__(self, steps: tuple[LockOrderStep, ...]) -> None:
        self.steps = steps

    def __str__(self) -> str:
        lines = [
            f"lock order inversion: {len(self.steps)} locks are taken in orders that can block each "
            f"other for ever; take them in one order everywhere\n"
        ]
        for number, step in enumerate(self.steps, 1):
            lines.append(f"{number}. thread {step.thread!r} held {step.held}, taken here:\n")
            lines.extend(step.held_stack.format())
            lines.append(f"   and took {step.taken} here:\n")
            lines.extend(step.taken_stack.format())
        return "".join(lines)


def _warn(report: LockOrderReport) -> None:
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
        level += 1
    warnings.warn(str(report), LockOrderWarning, stacklevel=level)


#: What is called with a `LockOrderReport`, once for a cycle, in the thread that noticed it. Assign to
#: it. By default a `LockOrderWarning`. What it raises comes out of the acquire that closed the cycle,
#: before the lock is taken: ``-W error::allcores.errors.LockOrderWarning`` makes inversions errors.
report_hook: Callable[[LockOrderReport], object] = _warn


# -- the graph ------------------------------------------------------------------------------------

_mutex = allocate_lock()
_pending: deque[_Observation] = deque(maxlen=PENDING_LIMIT)
_graveyard: deque[Node] = deque()


def _observe(thread: Thread, node: Node) -> None:
    """`thread` is about to wait for the lock of `node`: record the order, report what it closes."""
    held = [each for each in thread.held if each.node.holder is each and each.node is not node]
    if all(node in each.node.after for each in held):
        return
    thread.busy = True
    try:
        mine = _Observation(held, node, name_of(thread.ident), stack_here())
        _pending.append(mine)
        _work_off(mine)
    finally:
        thread.busy = False


def _work_off(mine: _Observation | None) -> None:
    """Bring the graph up to date, unless another thread is at it: then that one does."""
    error: Exception | None = None
    while (_pending or _graveyard) and _mutex.acquire(False):
        found: list[tuple[_Observation, LockOrderReport]] = []
        try:
            while _graveyard:
                _bury(_graveyard.popleft())
            while _pending:
                _link(_pending.popleft(), found)
        finally:
            _mutex.release()
        for observation, report in found:
            try:
                report_hook(report)
            except Exception as raised:
                if observation is mine:
                    error = raised
                else:  # not the fault of who happens to work it off
                    traceback.print_exc()
    if error is not None:
        raise error


def _link(seen: _Observation, found: list[tuple[_Observation, LockOrderReport]]) -> None:
    node = seen.node
    node.linked = True
    new = [each for each in seen.held if each.node not in node.before and not each.node.dead]
    if node.dead or not new:
        return
    # A cycle is complete with its last edge, and an edge is new once: so each is found once. A
    # path through a lock that is held as well says nothing that the path to that one does not.
    stop = {each.node for each in seen.held}
    came: dict[Node, Node | None] = {node: None}
    queue = deque([node])
    while queue:
        here = queue.popleft()
        for there in here.after:
            if there not in came:
                came[there] = here
                if there not in stop:
                    queue.append(there)
    for each in new:
        closing = Edge(seen.name, each.stack, seen.stack)
        if each.node in came:
            steps = [LockOrderStep(closing, each.node, node)]
            there = each.node
            while (back := came[there]) is not None:
                steps.insert(0, LockOrderStep(back.after[there], back, there))
                there = back
            found.append((seen, LockOrderReport(tuple(steps))))
        each.node.linked = True
        each.node.after[node] = closing
        node.before[each.node] = None
        if each.node.dead:
            _graveyard.append(each.node)
    if node.dead:
        _graveyard.append(node)


def _bury(node: Node) -> None:
    for other in node.after:
        other.before.pop(node, None)
    for other in node.before:
        other.after.pop(node, None)
    node.after.clear()
    node.before.clear()


dump = dump_locks

# -- the locks ------------------------------------------------------------------------------------


class _Base:
    """What the two kinds share. Everything that the plain lock raises, this raises too."""

    __slots__ = ("__weakref__", "_node", "_raw")

    _raw: Any
    _kind = ""

    def __init__(self) -> None:
        self._node = Node(self._kind, id(self), sys._getframe(2))

    def __del__(self) -> None:
        node = getattr(self, "_node", None)
        if node is None:
            return
        node.dead = True
        self._let_go()
        # Module names are None late in the interpreter's exit.
        if node.linked and sys is not None and not sys.is_finalizing():
            _graveyard.append(node)
            thread = this_thread()
            if not thread.busy:
                thread.busy = True
                try:
                    _work_off(None)
                finally:
                    thread.busy = False

    def _take(self, blocking: bool, timeout: float) -> bool:
        thread, node, raw = this_thread(), self._node, self._raw
        if blocking and thread.held and not thread.busy:
            _observe(thread, node)
        # The plain acquire looks at its arguments first, also when the lock is free.
        got = timeout == -1 and raw.acquire(False)
        if not got:
            if not blocking and timeout == -1:
                return False
            before = thread.waiting  # a signal handler's, in the middle of another wait
            thread.waiting = (node, monotonic())
            try:
                got = raw.acquire(blocking, timeout)
            finally:
                thread.waiting = before
        if got:
            self._taken(thread)
        return bool(got)

    def _taken(self, thread: Thread) -> None:
        held = Held(self._node, thread, stack_here())
        self._node.holder = held
        thread.held.append(held)

    def _let_go(self) -> None:
        held = self._node.holder
        if held is not None:
            self._node.holder = None
            try:
                held.thread.held.remove(held)
            except ValueError:  # two threads release at once: the plain release says so
                pass

    def _at_fork_reinit(self) -> None:
        self._let_go()
        self._raw._at_fork_reinit()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")


class Lock(_Base):
    """``threading.Lock`` that takes part in the diagnostics; see docs/lock-debugging.md.

    Thread-safety and fork: as the standard one. Any thread may release it.
    """

    __slots__ = ()

    _kind = "Lock"

    def __init__(self) -> None:
        super().__init__()
        self._raw = allocate_lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; as ``threading.Lock.acquire``."""
        return self._take(blocking, timeout)

    def release(self) -> None:
        """Let go of the lock, whoever took it. RuntimeError if it is not taken."""
        self._let_go()
        self._raw.release()

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return bool(self._raw.locked())

    def __enter__(self) -> bool:
        return self._take(True, -1)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __repr__(self) -> str:
        state = "locked" if self._raw.locked() else "unlocked"
        return f"<{state} {__name__}.Lock object at 0x{id(self):x}>"


class RLock(_Base):
    """``threading.RLock`` that takes part in the diagnostics; see docs/lock-debugging.md.

    Thread-safety and fork: as the standard one. Taken again by its holder, it is no edge.
    """

    __slots__ = ("_depth",)

    _kind = "RLock"

    def __init__(self) -> None:
        super().__init__()
        self._raw = _RawRLock()
        self._depth = 0  # the owner

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or take it once more; as ``threading.RLock.acquire``."""
        got: bool
        if self._raw._is_owned():
            got = self._raw.acquire(blocking, timeout)
        else:
            got = self._take(blocking, timeout)
        if got:
            self._depth += 1
        return got

    def release(self) -> None:
        """Let go once. RuntimeError if the caller does not hold it."""
        if self._raw._is_owned():
            self._depth -= 1
            if not self._depth:
                self._let_go()
        self._raw.release()

    if hasattr(_RawRLock, "locked"):

        def locked(self) -> bool:
            """Whether somebody holds it."""
            return bool(self._raw.locked())

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    # What Condition asks for.

    def _is_owned(self) -> bool:
        return bool(self._raw._is_owned())

    def _release_save(self) -> tuple[Any, int]:
        depth = self._depth
        if self._raw._is_owned():
            self._depth = 0
            self._let_go()
        return self._raw._release_save(), depth

    def _acquire_restore(self, saved: tuple[Any, int]) -> None:
        thread = this_thread()
        if thread.held and not thread.busy:
            try:
                _observe(thread, self._node)
            except Exception:  # a warning made an error; Condition.wait must hold its lock at its end
                traceback.print_exc()
        thread.waiting = (self._node, monotonic())
        try:
            self._raw._acquire_restore(saved[0])
        finally:
            thread.waiting = None
        self._depth = saved[1]
        self._taken(thread)

    if hasattr(_RawRLock, "_recursion_count"):

        def _recursion_count(self) -> int:
            return int(self._raw._recursion_count())

    def _at_fork_reinit(self) -> None:
        super()._at_fork_reinit()
        self._depth = 0

    def __repr__(self) -> str:
        holder = self._node.holder
        owner = holder.thread.ident if holder is not None else 0
        state = "locked" if self._depth else "unlocked"
        return (
            f"<{state} {__name__}.RLock object owner={owner} count={self._depth} at 0x{id(self):x}>"
        )


# -- forks ----------------------------------------------------------------------------------------

_held_for_fork = False  # the thread that forks


def _before_fork() -> None:
    # So that the child gets a graph between two changes. With a limit, because a destructor that
    # runs under the mutex may wait for a lock of this thread.
    global _held_for_fork
    _held_for_fork = not this_thread().busy and _mutex.acquire(timeout=1.0)


def _after_fork_in_parent() -> None:
    global _held_for_fork
    if _held_for_fork:
        _held_for_fork = False
        _mutex.release()


def _after_fork_in_child() -> None:
    global _held_for_fork, _mutex
    _held_for_fork = False
    _mutex = allocate_lock()
    lock_holders.threads = {this_thread().ident: this_thread()}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
