"""Queues of Python objects between threads: `Queue` and `SimpleQueue` of `allcores.queue`.

Moves run attached to the interpreter, waits run detached: an item's reference enters and leaves the
fifo (csrc/queues/ac_channel.h) with nothing between claim and publish that could let another
Python thread, the collector or a fork come in between. A put that need not wait is: one INCREF, one
claim, one publication, one look at a word for sleepers.
"""

cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint32_t, uint64_t, uintptr_t

from allcores._native.c_queues cimport *

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

cdef extern from "lazy_dict.h":
    void ac_lazy_dict(object self)

check_compiled(__name__, AC_VERSION.decode())

cdef Py_ssize_t BATCH = 256  # references moved between two looks at the collector's needs


include "waits.pxi"
include "queues_moves.pxi"


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
        ac_lazy_dict(self)

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
    cdef object collected  # None: an object attribute makes Cython announce the class to the collector
    cdef object __weakref__

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
