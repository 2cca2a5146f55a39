"""One thread that waits for many deadlines, and a cache of threads that run what falls due.

For ``timers.py`` only. There is no lock in it: ``add`` and ``withdraw`` may be called by a signal
handler or by a ``__del__`` that the collector runs in the middle of another ``add``, where a lock
would be waited for for ever. What is shared is a dict and a ``SimpleQueue``, and whoever pops an
entry owns it.

    pending   the jobs that wait. Popping a job decides between "cancelled" and "fires".
    inbox     from ``add`` to the waiting thread, which alone touches the heap.
    heap      (deadline, number, id of the job). An entry whose job is no longer pending, or has
              another deadline (the id was used again), is stale, and skipped. So the heap keeps no
              cancelled job alive, and is swept when stale entries prevail.
    running   held while a waiting thread lives. It ends when nothing has been pending for a while:
              it lets go of ``running`` and then looks at ``pending`` once more; ``add`` writes
              ``pending`` and then tries ``running``. One of the two sees the other. A cancel does
              not wake it: it may sleep on until the deadline of what was cancelled.

Non-daemon jobs have a clock of their own, whose threads are not daemons: they are what keeps the
interpreter alive. At exit ``threading`` calls ``_closing`` before it joins them; from then on none of
them idles.
"""

import os
import threading as std
from _queue import Empty, SimpleQueue
from heapq import heapify, heappop, heappush
from time import monotonic

__all__ = ["Clock", "Job", "clock_of", "enter", "is_current", "leave"]

#: How long a thread without work stays, in seconds. Arbitrary: long enough for a second burst.
IDLE_SECONDS = 5.0

#: The longest single sleep, far below ``threading.TIMEOUT_MAX``; a deadline may lie beyond it.
LONGEST_SLEEP = 86400.0

#: How many arrivals are taken in before due jobs are looked at again. Arbitrary.
ARRIVALS_AT_ONCE = 1000

#: Stale entries that the heap may hold beyond as many as there are live ones. Arbitrary.
STALE_ALLOWED = 1000


class Job(std.Thread):
    """What a clock runs: it borrows a thread, and is the current one there."""

    _deadline: float  # by time.monotonic(); math.inf for never. Not written while pending

    def _fire(self, host: std.Thread) -> None:
        """Run in the thread `host`, and let no exception out."""
        raise NotImplementedError

    def _fork_returned(self, clock: "Clock") -> None:
        """In a child that this job forked: it belongs to `clock` there."""
        raise NotImplementedError


class Clock:
    """The waiting thread and the workers of either the daemon jobs or the others.

    Parameters
    ----------
    daemon : bool
        Whether its threads are daemons.
    """

    def __init__(self, daemon: bool) -> None:
        self.daemon = daemon
        self.pending: dict[int, Job] = {}  # by id; any thread
        self.joiners: dict[int, std.Event] = {}  # who waits for the end of a job; any thread
        self._idle: dict[int, _Worker] = {}  # any thread; whoever pops a worker must send to it
        self._inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._running = std.Lock()
        self._heap: list[tuple[float, int, int]] = []  # the waiting thread
        self._number = 0  # the waiting thread: equal deadlines fire in the order of arrival
        self._nudged = False  # a sweep is asked for; a lost write costs one superfluous wake

    def add(self, job: Job) -> None:
        """Let `job` fire at its deadline.

        Raises
        ------
        RuntimeError
            No thread could be started; the job is not pending.
        """
        self.pending[id(job)] = job
        self._inbox.put(job)
        if self._running.acquire(blocking=False):
            try:
                self._start_waiting()
            except BaseException:
                self.pending.pop(id(job), None)
                raise

    def withdraw(self, job: Job) -> bool:
        """Take `job` back; False if it is not pending (any more)."""
        if self.pending.pop(id(job), None) is None:
            return False
        if _exit.closing:
            if not self.pending:
                self._inbox.put(None)
        elif len(self._heap) > 2 * len(self.pending) + STALE_ALLOWED and not self._nudged:
            self._nudged = True
            self._inbox.put(None)
        return True

    def close(self) -> None:
        """Wake who idles, so that it sees that the interpreter exits."""
        self._inbox.put(None)
        while self._idle:
            try:
                _, worker = self._idle.popitem()
            except KeyError:
                return
            worker.inbox.put(None)

    # -- the waiting thread ---------------------------------------------------------------------

    def _start_waiting(self) -> None:
        """Start the waiting thread; `running` is held for it."""
        # Whoever pops the claim owns `running`. An interrupt may come out of start() although the
        # thread lives, and two waiting threads must not share one heap.
        claim = [True]
        thread = std.Thread(
            target=self._wait, args=(claim,), name="allcores-timers", daemon=self.daemon
        )
        try:
            thread.start()
        except BaseException:
            if claim_taken(claim):
                self._running.release()
            raise

    def _wait(self, claim: list[bool]) -> None:
        if not claim_taken(claim):
            return
        retired = False
        try:
            while not retired:
                self._run_due()
                if not is_current(self):
                    return  # this thread forked, in a job, and is alone in the child
                retired = not self._take_in() and self._retire()
        finally:
            if not retired:
                self._running.release()  # an error: the next add starts another

    def _run_due(self) -> None:
        heap = self._heap
        while heap and (heap[0][0] <= monotonic() or self._stale(heap[0])):
            entry = heappop(heap)
            if self._stale(entry):
                continue
            job = self.pending.pop(entry[2], None)
            if job is not None:
                self._dispatch(job)
                del job
                if not is_current(self):
                    return

    def _stale(self, entry: tuple[float, int, int]) -> bool:
        job = self.pending.get(entry[2])
        return job is None or job._deadline != entry[0]

    def _take_in(self) -> bool:
        """Sleep until an arrival or the next deadline; False if it is time to end."""
        heap = self._heap
        if self._settled():
            heap.clear()  # stale, all of it
            timeout = 0.0 if _exit.closing else IDLE_SECONDS
        elif heap:
            timeout = min(max(heap[0][0] - monotonic(), 0.0), LONGEST_SLEEP)
        else:
            timeout = LONGEST_SLEEP
        try:
            job = self._inbox.get(timeout=timeout)
        except Empty:
            return not self._settled()
        self._push(job)
        for _ in range(ARRIVALS_AT_ONCE):
            try:
                self._push(self._inbox.get_nowait())
            except Empty:
                break
        if len(heap) > 2 * len(self.pending) + STALE_ALLOWED:
            heap[:] = [entry for entry in heap if not self._stale(entry)]
            heapify(heap)
        self._nudged = False
        return not (_exit.closing and self._settled())

    def _push(self, job: Job | None) -> None:
        if job is not None and id(job) in self.pending and job._deadline < FOREVER:
            self._number += 1
            heappush(self._heap, (job._deadline, self._number, id(job)))

    def _settled(self) -> bool:
        """Whether nothing is pending."""
        # The pop takes the dict's own lock where there is no GIL: either it comes after the pop or
        # the store of the other side and sees it, or the other side sees what was written before
        # it here (`running` let go) or elsewhere (`closing`).
        self.pending.pop(0, None)  # 0 is no id
        return not self.pending

    def _retire(self) -> bool:
        self._heap.clear()  # nothing is pending: all of it is stale
        self._running.release()
        return self._settled() or not self._running.acquire(blocking=False)

    # -- the workers ----------------------------------------------------------------------------

    def _dispatch(self, job: Job) -> None:
        """Give `job` a thread that does nothing else meanwhile."""
        try:
            _, worker = self._idle.popitem()  # the one that has slept least
        except KeyError:
            pass
        else:
            worker.inbox.put(job)
            return
        try:
            _Worker(self, job).start()
        except RuntimeError:
            # No thread to be had. Late for the others is better than never for this one.
            job._fire(std.current_thread())


class _Worker(std.Thread):
    """A thread that runs one job after the other."""

    def __init__(self, clock: Clock, first: Job) -> None:
        super().__init__(name="allcores-timer-worker", daemon=clock.daemon)
        self.inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._clock = clock
        self.inbox.put(first)

    def run(self) -> None:
        clock, idle = self._clock, self._clock._idle
        job = self.inbox.get()
        while job is not None:
            job._fire(self)
            job = None  # an idle worker keeps nothing alive
            if not is_current(clock):
                return
            idle[id(self)] = self
            if _exit.closing and idle.pop(id(self), None) is not None:
                return
            try:
                job = self.inbox.get(timeout=IDLE_SECONDS)
            except Empty:
                if idle.pop(id(self), None) is not None:
                    return
                job = self.inbox.get()  # somebody took this worker, and is about to send


def claim_taken(claim: list[bool]) -> bool:
    """Take the only element, which one caller can."""
    try:
        return claim.pop()
    except IndexError:
        return False


FOREVER = float("inf")

# -- the process's two clocks, its exit and its forks --------------------------------------------


class _Exit:
    closing = False  # set once, when the interpreter begins to wait for its threads


_exit = _Exit()
_clocks = {False: Clock(False), True: Clock(True)}

#: Who runs a job: thread identifier -> (thread, job). Each thread writes its own entry.
hosts: dict[int, tuple[std.Thread, Job]] = {}


def clock_of(daemon: bool) -> Clock:
    """Return the clock of the daemon jobs, or of the others."""
    return _clocks[daemon]


def is_current(clock: Clock | None) -> bool:
    """Whether `clock` belongs to this process: after a fork, the child's old ones do not."""
    return clock is _clocks[False] or clock is _clocks[True]


def enter(host: std.Thread, job: Job) -> None:
    """Make `job`, a Thread, the current thread, while it borrows `host`."""
    hosts[std.get_ident()] = (host, job)
    _pose_as(job)


def leave(host: std.Thread) -> None:
    """Make `host` the current thread again."""
    _pose_as(host)
    hosts.pop(std.get_ident(), None)


def _pose_as(thread: std.Thread) -> None:
    """Let ``threading.current_thread()`` return `thread` here.

    The table is private, but has had this name and form since Python 2; were it gone, the callback's
    current thread would be the worker. The key is there already, so that the store is atomic and
    nobody who iterates over the table is disturbed.
    """
    active = vars(std).get("_active")
    if active is not None:
        active[std.get_ident()] = thread


def _closing() -> None:
    _exit.closing = True
    for clock in _clocks.values():
        clock.close()


def _before_fork() -> None:
    # threading's own hook in the child takes the current thread for one that it started.
    entry = hosts.get(std.get_ident())
    if entry is not None:
        _pose_as(entry[0])


def _after_fork_in_parent() -> None:
    entry = hosts.get(std.get_ident())
    if entry is not None:
        _pose_as(entry[1])


def _after_fork_in_child() -> None:
    # The old clocks are left as they are, not cleared: another thread may have been inside.
    global _clocks, hosts
    ident = std.get_ident()
    entry = hosts.get(ident)
    _clocks = {False: Clock(False), True: Clock(True)}
    hosts = {}
    if entry is not None:
        host, job = entry
        hosts[ident] = entry
        # The host stays the current thread, because threading made it the main one.
        job._fork_returned(_clocks[host.daemon])


try:
    std._register_atexit(_closing)  # type: ignore[attr-defined]
except (AttributeError, RuntimeError):  # no such hook, or the exit has begun: then nobody idles
    _exit.closing = True
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
