# The locked queue: what a Queue becomes when a program reaches inside (mutex, queue, not_empty, ...),
# and what a PriorityQueue, or a subclass with hooks (_init _qsize _put _get), is from the beginning.
#
# A queue's channel is then evicted (csrc/queues/ac_channel.h): every operation on it says AC_ELSEWHERE,
# and the slow paths of queues_moves.pxi come here. The protocol of the switch:
#
#   1. A LockedQueue is made and stored in Queue.locked, once; it is never exchanged.
#   2. The switching thread takes its mutex.
#   3. ac_channel_evict hands everything over at one instant. From here on others arrive, and wait for
#      the mutex. They find Queue.locked: it was stored before the mode that they read with acquire.
#   4. Items, bound, tasks and "closed" are written down, `ready` is set, the mutex let go of.
#
# Where there is no memory for one of the steps, MemoryError; what has been handed over stays with the
# LockedQueue as it came (`contents`), or in the store, and whoever comes next goes on from there. So no
# item is lost, and none overtakes another.
#
# Python code runs inside a locked operation: an item's __lt__, a hook, a __del__, a signal handler. So
# the mutex knows its owner, and `busy` tells an operation from a program that holds the mutex itself. A
# put from inside is written down and carried out when the step is done; what would have to wait raises.

import threading
from _thread import allocate_lock
from collections import deque
from os import register_at_fork
from weakref import WeakSet

cdef enum:
    KEEP_DEQUE = 0
    KEEP_STACK = 1
    KEEP_HEAP = 2

cdef enum:
    TOLD_ITEM = 1
    TOLD_ROOM = 2


class Mutex(type(threading.RLock())):
    """The `mutex` of a queue: a lock that knows its owner, with the ``locked`` of a plain one."""

    # The interpreter's own, so that no signal handler runs between "taken" and "known as taken".
    __slots__ = ()

    def locked(self):
        """Return whether some thread holds it."""
        if self._is_owned():
            return True
        if self.acquire(False):
            self.release()
            return False
        return True


cdef object new_lock(object make):
    # The interpreter says RuntimeError when it has no memory for a lock.
    try:
        return make()
    except RuntimeError as error:
        raise MemoryError("no memory for a lock; nothing was changed") from error


# -- waiters: those of threading.Condition, so that a program's and ours stand in one line ---------

cdef int wake_one(object waiters) except -1:
    # Condition.notify, without a line of Python in which a signal handler could run.
    while waiters:
        try:
            waiters.popleft().release()
            return 0
        except RuntimeError:  # released before: its thread is leaving, and did not need us
            pass
    return 0


cdef int wake_all(object waiters) except -1:
    while waiters:
        wake_one(waiters)
    return 0


# -- the locked queue -----------------------------------------------------------------------------

@cython.final
cdef class LockedQueue:
    """What holds the items of a `Queue` that is locked. Internal: reached through the queue alone."""

    cdef object __weakref__
    cdef object mutex, not_empty, not_full, all_tasks_done  # set by the constructor
    cdef object getters, putters, joiners                   # the waiters of the three
    cdef object container    # a deque, a list, or what a program put there; under a critical section
    # Under the mutex; `unfinished`, `limit`, `closed` are also read without it, as numbers to look at.
    cdef list deferred       # items put from inside an operation, to go in at its end
    cdef int keep            # KEEP_...
    cdef bint hooks          # a subclass says how items are kept
    cdef bint ready          # what the channel held is here
    cdef bint handed         # the channel has handed over `contents`; their references are ours
    cdef ac_store_contents contents
    cdef bint busy           # an operation of ours holds the mutex; else a program does
    cdef bint closed
    cdef int told            # TOLD_...: what to tell listeners of once the mutex is let go of
    cdef uint64_t pending    # 1 while an item is going in
    cdef uint64_t limit, unfinished, puts, gets, waits, high

    def __cinit__(self):
        self.mutex = new_lock(Mutex)
        self.not_empty = threading.Condition(self.mutex)
        self.not_full = threading.Condition(self.mutex)
        self.all_tasks_done = threading.Condition(self.mutex)
        self.getters = self.not_empty._waiters
        self.putters = self.not_full._waiters
        self.joiners = self.all_tasks_done._waiters
        self.deferred = []

    # -- in and out --

    cdef int acquire(self) except -1:
        if self.mutex.acquire(False):
            return 0
        if not runtime_in_main_thread():
            self.mutex.acquire()
            return 0
        while not self.mutex.acquire(True, 0.05):  # a slice; nobody keeps it for long
            PyErr_CheckSignals()
        return 0

    cdef bint enter(self, Queue q, str verb) except -1:
        # True: this thread is inside an operation already, and has the mutex.
        if self.mutex._is_owned():
            if self.busy:
                return True
            raise RuntimeError(
                f"{verb} would wait for ever: this thread holds the mutex of the {type(q).__name__}; "
                "call it after the mutex is released, or change q.queue itself"
            )
        self.acquire()
        if not self.ready:
            try:
                self.fill(q)
            except BaseException:
                self.mutex.release()
                raise
        self.busy = True
        return False

    cdef int leave(self, Queue q) except -1:
        cdef int told
        self.settle(q)
        told, self.told = self.told, 0
        self.busy = False
        self.mutex.release()
        if told & TOLD_ITEM:
            ac_channel_tell_listeners(q.ch, AC_CHANNEL_ITEM)
        if told & TOLD_ROOM:
            ac_channel_tell_listeners(q.ch, AC_CHANNEL_ROOM)
        return 0

    cdef int settle(self, Queue q) except -1:
        while self.deferred:
            self.insert_deferred(q, self.deferred.pop(0))
        return 0

    cdef void insert_deferred(self, Queue q, object item) noexcept:
        # Its putter has gone on: what goes wrong is reported by sys.unraisablehook.
        self.insert(q, item)

    cdef int refuse_nested(self, Queue q, str verb) except -1:
        raise RuntimeError(
            f"{verb} was called from inside an operation of the same {type(q).__name__} (an item's "
            "comparison or end, a hook, a signal handler), which would wait for itself"
        )

    cdef int sleep(self, object waiters, int64_t deadline) except -1:
        # Lets go of the mutex until somebody notifies, or the deadline. Has it again also when it
        # raises; then a notification that chose us goes to another.
        cdef bint main = runtime_in_main_thread(), notified = False
        cdef int64_t left
        cdef ac_slices slices = ac_slices(length_ns=0)
        waiter = new_lock(allocate_lock)
        waiter.acquire()
        waiters.append(waiter)
        self.waits += 1
        self.busy = False
        self.mutex.release()
        error = None
        try:
            while not notified:
                if main:
                    left = ac_slices_end(&slices, deadline) - ac_now_ns()
                elif deadline == AC_FOREVER:
                    left = -1
                else:
                    left = deadline - ac_now_ns()
                    left = min(left, 3600 * 1000 * AC_NS_PER_MS)  # the lock has a longest wait
                if left < 0 and deadline != AC_FOREVER:
                    break
                notified = waiter.acquire(True, -1 if left < 0 else left * 1e-9)
                if main and not notified:
                    ac_slices_slept(&slices, True)  # the lock itself goes on after a signal
                    PyErr_CheckSignals()
                    if waiter not in waiters:  # a fork's child: its parent's waiters were dropped
                        break
        except BaseException as problem:
            error = problem
        while True:
            try:
                self.mutex.acquire()
                break
            except BaseException as problem:  # a signal handler's; it goes on once we have the mutex
                error = problem
        self.busy = True
        if not notified:
            try:
                waiters.remove(waiter)
            except ValueError:  # notified meanwhile
                notified = True
        if error is not None:
            if notified:
                wake_one(waiters)
            raise error
        return 0

    # -- steps, with the mutex held --

    cdef object items(self):
        with cython.critical_section(self):
            found = self.container
        return found

    cdef int replace_items(self, object container) except -1:
        with cython.critical_section(self):
            old, self.container = self.container, container
        return 0

    cdef uint64_t size(self, Queue q) except? 0xFFFFFFFFFFFFFFFF:
        cdef uint64_t size
        if not self.hooks:
            return len(self.items())
        size = max(q._qsize(), 0)
        if size > self.high:  # every get asks for the size first: none is missed
            self.high = size
        return size

    cdef int keep_item(self, object item) except -1:
        # What _put of our own classes does.
        if self.keep == KEEP_HEAP:
            return heap_put(<list?>self.items(), item)
        self.items().append(item)
        return 0

    cdef object give_item(self):
        # What _get of our own classes does.
        if self.keep == KEEP_HEAP:
            return heap_get(<list?>self.items())
        if self.keep == KEEP_STACK:
            return self.items().pop()
        return self.items().popleft()

    cdef int insert(self, Queue q, object item) except -1:
        cdef uint64_t size
        self.pending = 1
        try:
            if self.hooks:
                q._put(item)
            else:
                self.keep_item(item)
        finally:
            self.pending = 0
        self.unfinished += 1
        self.puts += 1
        self.told |= TOLD_ITEM
        wake_one(self.getters)
        if not self.hooks:
            size = len(self.items())
            if size > self.high:
                self.high = size
        return 0

    cdef object extract(self, Queue q):
        item = q._get() if self.hooks else self.give_item()
        self.gets += 1
        self.told |= TOLD_ROOM
        wake_one(self.putters)
        return item

    cdef bint has_room(self, Queue q) except -1:
        return self.limit == 0 or self.size(q) + <uint64_t>len(self.deferred) < self.limit

    cdef int await_room(self, Queue q, int64_t deadline) except -1:
        cdef bint slept = False
        try:
            while True:
                if self.closed:
                    raise ShutDown
                if self.has_room(q):
                    return 0
                if ac_now_ns() >= deadline:
                    raise Full
                self.sleep(self.putters, deadline)
                slept = True
        except BaseException:
            if slept:
                wake_one(self.putters)
            raise

    cdef int await_item(self, Queue q, int64_t deadline) except -1:
        cdef bint slept = False
        try:
            while True:
                if self.size(q) > 0:
                    return 0
                if self.closed:
                    raise ShutDown
                if ac_now_ns() >= deadline:
                    raise Empty
                self.sleep(self.getters, deadline)
                slept = True
        except BaseException:
            if slept:
                wake_one(self.getters)
            raise

    cdef int count_done(self, uint64_t count) except -1:
        self.unfinished -= min(count, self.unfinished)
        if self.unfinished == 0:
            wake_all(self.joiners)
        return 0

    # -- operations --

    cdef int put_from_inside(self, Queue q, object item, int64_t deadline) except -1:
        if self.closed:
            raise ShutDown
        if self.limit != 0 and self.size(q) + self.pending + <uint64_t>len(self.deferred) >= self.limit:
            if deadline == 0:
                raise Full
            self.refuse_nested(q, "put() into a full queue")
        self.deferred.append(item)
        return 0

    cdef int put(self, Queue q, object item, int64_t deadline) except -1:
        if self.enter(q, "put()"):
            return self.put_from_inside(q, item, deadline)
        try:
            self.await_room(q, deadline)
            try:
                self.insert(q, item)
            except BaseException:
                wake_one(self.putters)  # the room that we were woken for is still there
                raise
        finally:
            self.leave(q)
        return 0

    cdef int put_many(self, Queue q, tuple items, Py_ssize_t at, int64_t deadline) except -1:
        # items[at:]; .count of an exception is about all of them.
        cdef bint nested = self.enter(q, "put_many()")
        try:
            for at in range(at, len(items)):
                if nested:
                    self.put_from_inside(q, items[at], deadline)
                    continue
                self.await_room(q, deadline)
                try:
                    self.insert(q, items[at])
                except BaseException:
                    wake_one(self.putters)
                    raise
                self.settle(q)
        except BaseException as error:
            error.count = at
            raise
        finally:
            if not nested:
                self.leave(q)
        return 0

    cdef object get(self, Queue q, int64_t deadline):
        if self.enter(q, "get()"):
            self.refuse_nested(q, "get()")
        try:
            self.await_item(q, deadline)
            try:
                return self.extract(q)
            except BaseException:
                wake_one(self.getters)  # the item that we were woken for is still there
                raise
        finally:
            self.leave(q)

    cdef list get_many(self, Queue q, Py_ssize_t most, int64_t deadline):
        cdef list result = []
        if self.enter(q, "get_many()"):
            self.refuse_nested(q, "get_many()")
        try:
            self.await_item(q, deadline)
            try:
                while len(result) < most and (not result or self.size(q) > 0):
                    result.append(self.extract(q))
                    self.settle(q)
            except BaseException as error:
                wake_one(self.getters)
                if not result:
                    raise
                if not isinstance(error, Exception):  # Ctrl-C goes on, with what was taken
                    error.items = result
                    raise
        finally:
            self.leave(q)
        return result

    cdef int empty_out(self, Queue q, list dropped) except -1:
        # Into `dropped`, for the caller to let go of later: their end may run any code.
        cdef uint64_t most = self.size(q)
        try:
            if self.hooks:
                while <uint64_t>len(dropped) < most and self.size(q) > 0:
                    dropped.append(self.extract(q))
            else:
                container = self.items()
                dropped.extend(container)
                container.clear()
                self.gets += <uint64_t>len(dropped)
                self.told |= TOLD_ROOM
                wake_all(self.putters)
        finally:
            self.count_done(<uint64_t>len(dropped))
        return 0

    cdef uint64_t clear(self, Queue q) except? 0xFFFFFFFFFFFFFFFF:
        cdef list dropped = []
        if self.enter(q, "clear()"):
            self.refuse_nested(q, "clear()")
        try:
            self.empty_out(q, dropped)
        finally:
            self.leave(q)
        return <uint64_t>len(dropped)

    cdef int shutdown(self, Queue q, bint immediate) except -1:
        cdef list dropped = []
        if self.enter(q, "shutdown()"):
            if immediate:
                self.refuse_nested(q, "shutdown(immediate=True)")
            self.close()
            return 0
        try:
            self.close()
            if immediate:
                self.empty_out(q, dropped)
        finally:
            self.leave(q)
        return 0

    cdef int close(self) except -1:
        self.closed = True
        self.told |= TOLD_ITEM | TOLD_ROOM
        wake_all(self.getters)
        wake_all(self.putters)
        return 0

    cdef int finish(self, Queue q, uint64_t count, bint strict) except -1:
        # task_done waits for nothing: it may be called from inside, and with the mutex held.
        cdef bint owned = self.mutex._is_owned()
        if not owned:
            self.enter(q, "task_done()")
        try:
            if strict and count > self.unfinished:
                raise ValueError("task_done() called too many times")
            self.count_done(count)
        finally:
            if not owned:
                self.leave(q)
        return 0

    cdef int join(self, Queue q) except -1:
        cdef bint nested = self.enter(q, "join()")
        if nested:
            if self.unfinished:
                self.refuse_nested(q, "join()")
            return 0
        try:
            while self.unfinished:
                self.sleep(self.joiners, AC_FOREVER)
        finally:
            self.leave(q)
        return 0

    cdef object peek(self, Queue q):
        cdef bint owned = self.mutex._is_owned()
        if not owned:
            self.enter(q, "peek()")
        try:
            if self.size(q) == 0:
                if self.closed:
                    raise ShutDown
                raise Empty
            items = self.items()
            return items[len(items) - 1 if self.keep == KEEP_STACK else 0]
        finally:
            if not owned:
                self.leave(q)

    cdef uint64_t qsize(self, Queue q) except? 0xFFFFFFFFFFFFFFFF:
        cdef bint owned = self.mutex._is_owned()
        if not owned:
            self.enter(q, "qsize()")
        try:
            return self.size(q)
        finally:
            if not owned:
                self.leave(q)

    cdef int set_limit(self, Queue q, uint64_t limit) except -1:
        cdef bint owned = self.mutex._is_owned()
        if not owned:
            self.enter(q, "maxsize")
        try:
            self.limit = limit
            self.told |= TOLD_ROOM
            wake_all(self.putters)
        finally:
            if not owned:
                self.leave(q)
        return 0

    cdef int set_unfinished(self, Queue q, uint64_t count) except -1:
        cdef bint owned = self.mutex._is_owned()
        if not owned:
            self.enter(q, "unfinished_tasks")
        try:
            self.unfinished = count
            if count == 0:
                wake_all(self.joiners)
        finally:
            if not owned:
                self.leave(q)
        return 0

    cdef dict stats(self, Queue q):
        cdef uint64_t depth = self.qsize(q)
        return {
            "depth": depth,
            "high_water": max(self.high, ac_channel_watch(q.ch), depth),
            "puts": self.puts,
            "gets": self.gets,
            "waits": self.waits + ac_channel_waits(q.ch),
        }

    # -- coming to be --

    cdef int fill(self, Queue q) except -1:
        # What the channel holds, at one instant. With the mutex held, not ready yet.
        cdef ac_status status
        if not self.handed:
            status = ac_channel_evict(q.ch, &self.contents, &self.unfinished)
            if status == AC_ELSEWHERE:
                raise RuntimeError(f"this {type(q).__name__} is being torn down by the collector")
            if status != AC_OK:
                raise MemoryError(
                    f"no memory to give this {type(q).__name__} a mutex; it has all its items, and the "
                    "next call tries again"
                )
            self.handed = True
        self.limit = ac_store_limit(&q.ch.store)
        self.puts = ac_store_pushed(&q.ch.store)
        self.gets = self.puts - self.contents.count[0] - self.contents.count[1]
        self.closed = self.contents.was_closed
        self.start(self.listed())  # without memory for it, nothing has changed
        self.drop_contents()
        self.ready = True
        return 0

    cdef list listed(self):
        # The contents, with references of the list's own.
        cdef Py_ssize_t at = 0
        cdef uint64_t i
        cdef int part
        cdef list items = [None] * <Py_ssize_t>(self.contents.count[0] + self.contents.count[1])
        for part in range(2):
            for i in range(self.contents.count[part]):
                items[at] = <object><PyObject *>self.contents.part[part][i]
                at += 1
        return items

    cdef int start(self, list items) except -1:
        # `items` come in the order in which they would be got.
        if self.keep == KEEP_STACK:
            items.reverse()
        self.high = len(items)
        self.replace_items(deque(items) if self.keep == KEEP_DEQUE else items)
        return 0

    cdef void drop_contents(self) noexcept:
        cdef int part
        cdef uint64_t i
        for part in range(2):
            for i in range(self.contents.count[part]):
                take(self.contents.part[part][i])
            free(self.contents.part[part])
            self.contents.part[part] = NULL
            self.contents.count[part] = 0
        self.handed = False

    def __dealloc__(self):
        if self.handed:
            self.drop_contents()

    cdef int forked(self) except -1:
        # In a fork's child: the threads that held the mutex, or waited, are not here.
        for waiters in (self.getters, self.putters, self.joiners):
            waiters.clear()
        if not self.mutex._is_owned():
            self.mutex._at_fork_reinit()
            self.busy = False
        return 0


every_locked = WeakSet()


def after_fork_in_child():
    """Forget the threads that are not in the child."""
    cdef LockedQueue side
    for side in list(every_locked):
        side.forked()


register_at_fork(after_in_child=after_fork_in_child)
