"""Queues of Python objects between threads: `Queue` and `SimpleQueue` of `allcores.queue`.

Moves run attached to the interpreter, waits run detached: an item's reference enters and leaves the
fifo (csrc/queues/ac_channel.h) with nothing between claim and publish that could let another
Python thread, the collector or a fork come in between. A put that need not wait is: one INCREF, one
claim, one publication, one look at a word for sleepers.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint32_t, uint64_t, uintptr_t

from allcores._native.c_queues cimport *
from allcores._native.runtime cimport runtime_in_main_thread

from types import GenericAlias

from allcores._common.version import check_compiled
from allcores.errors import Empty, Full, ShutDown

cdef extern from "Python.h":
    PyObject *PyTuple_GET_ITEM(object, Py_ssize_t)

cdef extern from "gc_slots.h":
    int AC_GC_QUEUE, AC_GC_SIMPLE
    void ac_gc_install(object type, int which, PyObject *instance, void *channel_at)
    void ac_gc_drain(ac_channel *ch)

cdef extern from "fast_calls.h":
    void ac_fast_install(object type, int which)

check_compiled(__name__, AC_VERSION.decode())

# How long the main thread sleeps before it looks for signals: one that arrives between the look
# and the sleep would otherwise wait for the next. Ctrl-C must act within 100 ms.
cdef int64_t SIGNAL_SLICE_NS = 50 * AC_NS_PER_MS
cdef Py_ssize_t BATCH = 256  # references moved between two looks at the collector's needs


# -- deadlines ------------------------------------------------------------------------------------

cdef int64_t deadline_of(object block, object timeout) except -1:
    # 0: do not wait. The rules, and the message, of queue.Queue.
    cdef double seconds
    if not block:
        return 0
    if timeout is None:
        return AC_FOREVER
    seconds = timeout
    if seconds < 0:
        raise ValueError("'timeout' must be a non-negative number")
    if seconds >= 9e9:  # 285 years, the end of the clock
        return AC_FOREVER
    return ac_deadline_after(<int64_t>(seconds * 1e9))


cdef uint64_t limit_of(object maxsize) except? 0xFFFFFFFFFFFFFFFF:
    # 0: no bound. A maxsize of zero or less means none, as in queue.Queue.
    if not hasattr(maxsize, "__index__"):
        raise TypeError(f"maxsize must be an int, not {type(maxsize).__name__}")
    number = maxsize.__index__()
    if number <= 0:
        return 0
    return min(number, 1 << 62)


# -- one loop to sleep, for all who wait ----------------------------------------------------------

cdef int sleep_on(ac_event_count *ec, uint32_t key, int64_t deadline) except -1:
    # Sleeps until something may have changed, the deadline, or a slice is over; raises what a
    # signal handler raises.
    cdef int64_t until = deadline
    cdef ac_wait_status status
    cdef bint main = runtime_in_main_thread()
    if main:
        until = min(deadline, ac_now_ns() + SIGNAL_SLICE_NS)
    with nogil:
        status = ac_ec_wait(ec, key, until, AC_WAIT_PRIVATE)
    if main and (status == AC_WAIT_INTERRUPTED or status == AC_WAIT_TIMEOUT):
        return PyErr_CheckSignals()
    return 0


cdef int raise_status(ac_status status) except -1:
    # The one place where a status of the core becomes an exception.
    if status == AC_EMPTY:
        raise Empty
    if status == AC_FULL:
        raise Full
    if status == AC_CLOSED:
        raise ShutDown
    if status == AC_NOMEM:
        raise MemoryError("no memory for another block of the queue; the item was not put")
    return 0


cdef ac_status wait_put(ac_channel *ch, uintptr_t item, int64_t deadline) except *:
    # After a first try that found the queue full. AC_FULL at the deadline.
    cdef ac_status status
    cdef uint32_t key
    cdef bint slept = False
    with nogil:
        ac_channel_spin(ch, False, deadline)
    while True:
        key = ac_ec_prepare(&ch.not_full)
        status = ac_channel_push(ch, item)
        if status != AC_FULL:
            break
        if ac_now_ns() >= deadline:
            break
        if not slept:
            slept = True
            ac_channel_count_wait(ch)
        try:
            sleep_on(&ch.not_full, key, deadline)
        except BaseException:
            ac_channel_pass_put(ch)  # a wake that chose us goes to another
            raise
    if slept:
        ac_channel_pass_put(ch)
    return status


cdef ac_status wait_get(ac_channel *ch, uintptr_t *item, int64_t deadline) except *:
    cdef ac_status status
    cdef uint32_t key
    cdef bint slept = False
    with nogil:
        ac_channel_spin(ch, True, deadline)
    while True:
        key = ac_ec_prepare(&ch.not_empty)
        status = ac_channel_pop(ch, item)
        if status != AC_EMPTY:
            break
        if ac_now_ns() >= deadline:
            break
        if not slept:
            slept = True
            ac_channel_count_wait(ch)
        try:
            sleep_on(&ch.not_empty, key, deadline)
        except BaseException:
            ac_channel_pass_get(ch)
            raise
    if slept:
        ac_channel_pass_get(ch)
    return status


# -- what both classes do -------------------------------------------------------------------------

cdef int not_initialised(object self) except -1:
    raise RuntimeError(
        f"{type(self).__name__}.__init__ was not called; a subclass that has its own "
        "must call super().__init__()"
    )


cdef int put_slow(ac_channel *ch, object item, int64_t deadline, ac_status status) except -1:
    # The caller's INCREF is taken back unless the item went in.
    try:
        if status == AC_FULL and deadline != 0:
            status = wait_put(ch, <uintptr_t><PyObject *>item, deadline)
    except BaseException:
        Py_DECREF(item)
        raise
    if status != AC_OK:
        Py_DECREF(item)
        raise_status(status)
    return 0


cdef inline int put_one(ac_channel *ch, object item, object block, object timeout) except -1:
    cdef ac_status status
    cdef int64_t deadline = 0
    if timeout is not None:
        deadline = deadline_of(block, timeout)
    Py_INCREF(item)  # the fifo's reference
    status = ac_channel_push(ch, <uintptr_t><PyObject *>item)
    if status == AC_OK:
        return 0
    if timeout is None:
        deadline = AC_FOREVER if block else 0
    return put_slow(ch, item, deadline, status)


cdef inline object take(uintptr_t item):
    # The fifo's reference becomes the caller's.
    result = <object><PyObject *>item
    Py_DECREF(result)
    return result


cdef object get_slow(ac_channel *ch, object block, object timeout, ac_status status):
    cdef uintptr_t item
    cdef int64_t deadline = deadline_of(block, timeout)
    if status == AC_EMPTY and deadline != 0:
        status = wait_get(ch, &item, deadline)
        if status == AC_OK:
            return take(item)
    raise_status(status)


cdef inline object get_one(ac_channel *ch, object block, object timeout):
    cdef uintptr_t item
    cdef ac_status status
    if timeout is not None:
        deadline_of(block, timeout)  # a bad timeout raises also when there is an item
    status = ac_channel_pop(ch, &item)
    if status == AC_OK:
        return take(item)
    return get_slow(ch, block, timeout, status)


cdef int put_all(ac_channel *ch, tuple items, int64_t deadline) except -1:
    # Raises with .count, the number that went in.
    cdef uintptr_t batch[256]
    cdef Py_ssize_t total = len(items), at = 0, n, i
    cdef uint64_t done
    cdef ac_status status
    while at < total:
        n = min(total - at, BATCH)
        for i in range(n):
            batch[i] = <uintptr_t>PyTuple_GET_ITEM(items, at + i)
            Py_INCREF(<object><PyObject *>batch[i])
        status = ac_channel_push_many(ch, batch, n, &done)
        for i in range(<Py_ssize_t>done, n):
            Py_DECREF(<object><PyObject *>batch[i])  # the tuple holds it: nothing runs here
        at += <Py_ssize_t>done
        if status == AC_OK:
            continue
        try:
            if status == AC_FULL and deadline != 0:
                item = items[at]
                Py_INCREF(item)
                put_slow(ch, item, deadline, AC_FULL)
                at += 1
                continue
            raise_status(status)
        except BaseException as error:
            error.count = at
            raise
    return 0


cdef list pop_list(ac_channel *ch, Py_ssize_t most, ac_status *status):
    # Up to `most` items without waiting. Everything that can fail is done before one is taken.
    cdef uint64_t done = 0
    cdef Py_ssize_t size = <Py_ssize_t>ac_fifo_size(&ch.fifo)
    cdef Py_ssize_t room = min(most, max(size, 1)), i
    cdef list result = [None] * room
    cdef uintptr_t *batch = <uintptr_t *>PyMem_Malloc(room * sizeof(uintptr_t))
    if batch == NULL:
        raise MemoryError("no memory for the batch; nothing was taken")
    status[0] = ac_channel_pop_many(ch, batch, room, &done)
    for i in range(<Py_ssize_t>done):
        result[i] = take(batch[i])
    PyMem_Free(batch)
    if <Py_ssize_t>done < room:
        del result[<Py_ssize_t>done:]
    return result


cdef list get_some(ac_channel *ch, object n, object block, object timeout):
    cdef uintptr_t first
    cdef ac_status status, more
    cdef list result
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an int, not {type(n).__name__}")
    number = n.__index__()
    if number < 1:
        raise ValueError(f"n must be at least 1, not {number}")
    cdef int64_t deadline = deadline_of(block, timeout)
    cdef Py_ssize_t most = min(number, 1 << 40)
    result = pop_list(ch, most, &status)
    if status != AC_EMPTY or deadline == 0:
        raise_status(status)
        return result
    status = wait_get(ch, &first, deadline)
    raise_status(status)
    result = [take(first)]
    if most > 1 and ac_fifo_size(&ch.fifo) > 0:
        try:
            result += pop_list(ch, most - 1, &more)
        except MemoryError:
            pass  # what was taken is returned; the rest is still inside
    return result


cdef ac_channel *new_channel(uint64_t limit) except NULL:
    cdef ac_channel *ch = ac_channel_new(limit)
    if ch == NULL:
        raise MemoryError(f"no memory for a queue of {limit} slots")
    return ch


cdef void end_channel(ac_channel *ch) noexcept:
    ac_gc_drain(ch)
    ac_channel_free(ch)


cdef object refuse_pickle(object self):
    raise TypeError(
        f"cannot pickle a {type(self).__name__}: it belongs to the threads of one process. "
        "Between processes use allcores.multiprocessing.Queue"
    )


# -- the classes ----------------------------------------------------------------------------------

@cython.trashcan(True)
cdef class Queue:
    """Queue(maxsize=0)\n--\n
    A first-in first-out queue between threads: `queue.Queue`, lock-free.

    Parameters
    ----------
    maxsize : int, default 0
        Most items that the queue holds; `put` waits while there are so many. Zero or less: no
        bound. May be changed while the queue is in use, by assigning to the attribute.

    Notes
    -----
    Thread-safe throughout, and re-entrant: `put` may be called from ``__del__``, from a weak
    reference's callback and from a signal handler. It belongs to one process: a fork's child has
    its own copy with the items of that moment; pickling is refused.

    Bounded, it is a ring after D. Vyukov; unbounded, a list of blocks after crossbeam's SegQueue
    (csrc/queues/README.md).

    Examples
    --------
    >>> from allcores.queue import Queue
    >>> q = Queue(2)
    >>> q.put("a"); q.put("b"); q.full()
    True
    >>> q.get()
    'a'
    """

    cdef ac_channel *ch
    cdef object __weakref__
    cdef dict __dict__

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, *args, **kwargs):
        self.ch = NULL

    def __init__(self, maxsize=0):
        cdef uint64_t limit = limit_of(maxsize)
        if self.ch != NULL:
            raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
        self.ch = new_channel(limit)

    def __dealloc__(self):
        end_channel(self.ch)
        self.ch = NULL

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        if self.ch == NULL:
            return f"<{type(self).__name__} (not initialised) at {id(self):#x}>"
        return (
            f"<{type(self).__name__} maxsize={self.maxsize} size={self.qsize()}"
            f"{' shut down' if self.is_shutdown else ''} at {id(self):#x}>"
        )

    def put(self, item, block=True, timeout=None):
        """Put an item in; wait for room if need be.

        Parameters
        ----------
        item : object
        block : bool, default True
            Whether to wait while the queue is full.
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever.

        Raises
        ------
        Full
            No room came in time, or at once with ``block=False``.
        ShutDown
            The queue was shut down.
        ValueError
            `timeout` is negative.
        """
        if self.ch == NULL:
            not_initialised(self)
        put_one(self.ch, item, block, timeout)

    def get(self, block=True, timeout=None):
        """Take the oldest item out; wait for one if need be.

        Parameters
        ----------
        block : bool, default True
            Whether to wait while the queue is empty.
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever.

        Returns
        -------
        object

        Raises
        ------
        Empty
            Nothing came in time, or at once with ``block=False``.
        ShutDown
            The queue was shut down and is empty.
        ValueError
            `timeout` is negative.
        """
        if self.ch == NULL:
            not_initialised(self)
        return get_one(self.ch, block, timeout)

    def put_nowait(self, item):
        """Put an item in, or raise `Full` at once."""
        if self.ch == NULL:
            not_initialised(self)
        put_one(self.ch, item, False, None)

    def get_nowait(self):
        """Take the oldest item out, or raise `Empty` at once."""
        if self.ch == NULL:
            not_initialised(self)
        return get_one(self.ch, False, None)

    def put_many(self, items, block=True, timeout=None):
        """Put all items in, in order; wait for room as often as need be.

        Parameters
        ----------
        items : iterable
            Read to its end before the first item is put. Items of other threads may come to stand
            between them.
        block, timeout
            As for `put`; the timeout is for the whole call.

        Raises
        ------
        Full, ShutDown
            With the attribute ``count``, the number of items that were put.
        """
        if self.ch == NULL:
            not_initialised(self)
        cdef int64_t deadline = deadline_of(block, timeout)
        put_all(self.ch, tuple(items), deadline)

    def get_many(self, n, block=True, timeout=None):
        """Wait for an item, then take up to `n` that are there.

        Parameters
        ----------
        n : int
            Most items to take, at least 1.
        block, timeout
            As for `get`; they are about the first item.

        Returns
        -------
        list
            1 to `n` items, oldest first.

        Raises
        ------
        Empty, ShutDown
            As for `get`; nothing was taken.
        """
        if self.ch == NULL:
            not_initialised(self)
        return get_some(self.ch, n, block, timeout)

    def qsize(self):
        """Return how many items are inside: exact when no other thread uses the queue."""
        if self.ch == NULL:
            not_initialised(self)
        return ac_fifo_size(&self.ch.fifo)

    def empty(self):
        """Return whether there was nothing inside at some instant of the call."""
        if self.ch == NULL:
            not_initialised(self)
        return ac_fifo_size(&self.ch.fifo) == 0

    def full(self):
        """Return whether there were `maxsize` items inside at some instant of the call."""
        if self.ch == NULL:
            not_initialised(self)
        cdef uint64_t limit = ac_fifo_limit(&self.ch.fifo)
        return limit != 0 and ac_fifo_size(&self.ch.fifo) >= limit

    def task_done(self):
        """Say that the work on one item that was taken out is finished.

        Raises
        ------
        ValueError
            It was called more often than items were put.
        """
        if self.ch == NULL:
            not_initialised(self)
        if not ac_channel_finish(self.ch, 1):
            raise ValueError("task_done() called too many times")

    def join(self):
        """Wait until `task_done` was called for every item that was put."""
        cdef uint32_t key
        if self.ch == NULL:
            not_initialised(self)
        while True:
            key = ac_ec_prepare(&self.ch.all_done)
            if ac_channel_unfinished(self.ch) == 0:
                # Others may sleep: the notification that woke us was for all, but one of them may
                # have come late.
                ac_ec_notify_all(&self.ch.all_done, AC_WAIT_PRIVATE)
                return
            sleep_on(&self.ch.all_done, key, AC_FOREVER)

    def shutdown(self, immediate=False):
        """Let no more items in; wake everybody who waits.

        Parameters
        ----------
        immediate : bool, default False
            Also throw away what is inside, counted as done. Otherwise `get` goes on until the queue
            is empty and raises `ShutDown` then.

        Notes
        -----
        As `queue.Queue.shutdown` of Python 3.13, on every interpreter.
        """
        cdef uintptr_t item
        if self.ch == NULL:
            not_initialised(self)
        ac_channel_close(self.ch)
        if immediate:
            while ac_channel_pop(self.ch, &item) == AC_OK:
                ac_channel_finish(self.ch, 1)
                take(item)

    def stats(self):
        """Return numbers about the queue's life so far.

        Returns
        -------
        dict
            ``depth`` items inside, ``puts`` and ``gets`` items ever moved, ``waits`` calls that had
            to sleep, ``unfinished`` tasks, ``maxsize``.
        """
        if self.ch == NULL:
            not_initialised(self)
        cdef uint64_t depth = ac_fifo_size(&self.ch.fifo)
        cdef uint64_t puts = ac_fifo_pushed(&self.ch.fifo)
        return {
            "depth": depth,
            "puts": puts,
            "gets": puts - depth if puts > depth else 0,
            "waits": ac_channel_waits(self.ch),
            "unfinished": ac_channel_unfinished(self.ch),
            "maxsize": self.maxsize,
        }

    @property
    def maxsize(self):
        """The bound, 0 for none; may be assigned while the queue is in use."""
        if self.ch == NULL:
            not_initialised(self)
        return ac_fifo_limit(&self.ch.fifo)

    @maxsize.setter
    def maxsize(self, value):
        cdef uint64_t limit = limit_of(value)
        if self.ch == NULL:
            not_initialised(self)
        ac_channel_set_limit(self.ch, limit)

    @property
    def unfinished_tasks(self):
        """How many items were put and not yet reported by `task_done`."""
        if self.ch == NULL:
            not_initialised(self)
        return ac_channel_unfinished(self.ch)

    @property
    def is_shutdown(self):
        """Whether `shutdown` was called."""
        if self.ch == NULL:
            not_initialised(self)
        return ac_fifo_is_closed(&self.ch.fifo)


@cython.trashcan(True)
cdef class SimpleQueue:
    """SimpleQueue()\n--\n
    An unbounded first-in first-out queue between threads: `queue.SimpleQueue`, with batches.

    Notes
    -----
    Thread-safe and re-entrant, as `Queue`; without a bound, tasks or shutdown.
    """

    cdef ac_channel *ch
    cdef object __weakref__
    cdef dict __dict__

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, *args, **kwargs):
        self.ch = new_channel(0)

    def __init__(self):
        pass

    def __dealloc__(self):
        end_channel(self.ch)
        self.ch = NULL

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def put(self, item, block=True, timeout=None):
        """Put an item in; never waits. `block` and `timeout` are there to be like `Queue.put`."""
        put_one(self.ch, item, True, None)

    def get(self, block=True, timeout=None):
        """Take the oldest item out; see `Queue.get`."""
        return get_one(self.ch, block, timeout)

    def put_nowait(self, item):
        """Put an item in; the same as `put`."""
        put_one(self.ch, item, True, None)

    def get_nowait(self):
        """Take the oldest item out, or raise `Empty` at once."""
        return get_one(self.ch, False, None)

    def put_many(self, items, block=True, timeout=None):
        """Put all items in, in order; see `Queue.put_many`. Never waits."""
        put_all(self.ch, tuple(items), 0)

    def get_many(self, n, block=True, timeout=None):
        """Wait for an item, then take up to `n` that are there; see `Queue.get_many`."""
        return get_some(self.ch, n, block, timeout)

    def qsize(self):
        """Return how many items are inside: exact when no other thread uses the queue."""
        return ac_fifo_size(&self.ch.fifo)

    def empty(self):
        """Return whether there was nothing inside at some instant of the call."""
        return ac_fifo_size(&self.ch.fifo) == 0

    def stats(self):
        """Return ``depth puts gets waits``; see `Queue.stats`."""
        cdef uint64_t depth = ac_fifo_size(&self.ch.fifo)
        cdef uint64_t puts = ac_fifo_pushed(&self.ch.fifo)
        return {
            "depth": depth,
            "puts": puts,
            "gets": puts - depth if puts > depth else 0,
            "waits": ac_channel_waits(self.ch),
        }


cdef void install_slots():
    # Before anybody can subclass or call; see gc_slots.h and fast_calls.h.
    cdef Queue q = Queue()
    cdef SimpleQueue s = SimpleQueue()
    ac_gc_install(Queue, AC_GC_QUEUE, <PyObject *>q, &q.ch)
    ac_gc_install(SimpleQueue, AC_GC_SIMPLE, <PyObject *>s, &s.ch)
    ac_fast_install(Queue, AC_GC_QUEUE)
    ac_fast_install(SimpleQueue, AC_GC_SIMPLE)


install_slots()
