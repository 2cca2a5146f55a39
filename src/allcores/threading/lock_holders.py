"""Who holds a lock and who waits for one: what the instrumented locks write down, and its dump.

For ``lock_order.py``, which says what each field means and who writes it. Nothing in here takes a lock.
"""

import sys
import threading as std
import traceback
from itertools import islice
from os.path import dirname
from time import monotonic
from types import CodeType, FrameType
from typing import TextIO

__all__ = ["Edge", "Held", "Node", "Stack", "Thread", "dump_locks"]

_HERE = dirname(__file__) + "/lock_"

#: How many frames of a stack are kept. Arbitrary.
STACK_LIMIT = 24

Stack = tuple[tuple[CodeType, int], ...]  # innermost first: code, index of the instruction


class Thread:
    """What is known of one thread."""

    __slots__ = ("busy", "held", "ident", "waiting")

    def __init__(self) -> None:
        self.ident = std.get_ident()
        self.held: list[Held] = []
        self.waiting: tuple[Node, float] | None = None  # this thread; since when
        self.busy = False  # this thread


class Held:
    """One acquisition that has not been released."""

    __slots__ = ("node", "stack", "thread")

    def __init__(self, node: "Node", thread: Thread, stack: Stack) -> None:
        self.node = node
        self.thread = thread
        self.stack = stack


class Edge:
    """How it came that a lock was taken while another was held: the first time."""

    __slots__ = ("held", "name", "taken")

    def __init__(self, name: str, held: Stack, taken: Stack) -> None:
        self.name = name
        self.held = held
        self.taken = taken


class Node:
    """A lock in the graph. It does not keep the lock alive."""

    __slots__ = ("after", "before", "dead", "holder", "linked", "title")

    def __init__(self, kind: str, address: int, frame: FrameType) -> None:
        self.title = f"{kind} 0x{address:x} made at {frame.f_code.co_filename}:{frame.f_lineno}"
        self.after: dict[Node, Edge] = {}
        self.before: dict[Node, None] = {}
        self.holder: Held | None = None
        self.linked = False  # it has had an edge: written under the mutex, before `dead` is read
        self.dead = False  # written by the destructor, before `linked` is read


# -- threads and stacks ---------------------------------------------------------------------------


threads: dict[int, Thread] = {}  # by ident; each thread writes its own
_local = std.local()


def this_thread() -> Thread:
    """Return what is known of the calling thread."""
    try:
        found: Thread = _local.thread
    except AttributeError:
        # The collector may come in between, with a destructor that gets here first.
        found = _local.__dict__.setdefault("thread", Thread())
        threads[found.ident] = found
        if len(threads) > 64 and len(threads) > 2 * std.active_count():
            alive = sys._current_frames()
            for ident in list(threads):
                if ident not in alive:
                    threads.pop(ident, None)
    return found


def stack_here() -> Stack:
    frame: FrameType | None = sys._getframe(2)
    found: list[tuple[CodeType, int]] = []
    while frame is not None and len(found) < STACK_LIMIT:
        found.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return tuple(found)


def summary(stack: Stack) -> traceback.StackSummary:
    frames = []
    for code, lasti in reversed(stack):
        if is_ours(code.co_filename):
            continue
        line = next(islice(code.co_positions(), lasti // 2, None), (None,))[0]
        frames.append((code.co_filename, line or code.co_firstlineno, code.co_name, None))
    return traceback.StackSummary.from_list(frames)


def is_ours(filename: str) -> bool:
    """Whether a frame belongs to the instrumented locks, and tells the reader nothing."""
    return filename.startswith(_HERE)


def name_of(ident: int) -> str:
    # Without the lock that threading.enumerate takes: this may run in a signal handler.
    thread = vars(std).get("_active", {}).get(ident)
    return str(thread.name) if thread is not None else f"{ident} (ended or foreign)"


# -- the dump -------------------------------------------------------------------------------------


def dump_locks(file: TextIO | None = None) -> None:
    """Write which threads wait for which locks, and who holds those, since where.

    Parameters
    ----------
    file : text file, optional
        Where to; standard error by default.

    Notes
    -----
    It takes no lock, so that a signal handler may call it while the program is stuck:
    ``signal.signal(signal.SIGUSR1, lambda *_: dump_locks())``. It sees locks of ``allcores.threading``
    only. What changes meanwhile may be shown half.
    """
    out = sys.stderr if file is None else file
    frames = sys._current_frames()
    waiting = [(each, each.waiting) for each in list(threads.values()) if each.ident in frames]
    lines = []
    count = 0
    for thread, wait in waiting:
        if wait is None:
            continue
        count += 1
        node, since = wait
        lines.append(
            f"thread {name_of(thread.ident)!r} has waited {monotonic() - since:.3f} s for "
            f"{node.title}, here:\n"
        )
        shown = traceback.extract_stack(frames[thread.ident])
        lines.extend(
            traceback.StackSummary.from_list([f for f in shown if not is_ours(f.filename)]).format()
        )
        holder = node.holder
        if holder is None:
            lines.append("  nobody holds it\n")
            continue
        lines.append(f"  held by thread {name_of(holder.thread.ident)!r}, taken here:\n")
        lines.extend(summary(holder.stack).format())
        circle = _circle(thread)
        if circle:
            names = " -> ".join(repr(name_of(each.ident)) for each in circle)
            lines.append(f"  DEADLOCK: {names}, each waits for a lock of the next\n")
    lines.insert(0, f"{count} threads wait for locks\n")
    out.write("".join(lines))
    out.flush()


def _circle(first: Thread) -> list[Thread]:
    """The threads that wait for each other in a circle, from `first` back to it; else empty."""
    trail = [first]
    while True:
        wait = trail[-1].waiting
        holder = wait[0].holder if wait is not None else None
        if holder is None:
            return []
        trail.append(holder.thread)
        if holder.thread is first:
            return trail
        if holder.thread in trail[:-1]:
            return []


