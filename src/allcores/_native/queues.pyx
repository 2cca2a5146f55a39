"""Queues of Python objects between threads: those of `allcores.queue`.

Moves run attached to the interpreter, waits run detached: an item's reference enters and leaves the
store (csrc/queues/ac_channel.h) with nothing between claim and publish that could let another
Python thread, the collector or a fork come in between. A put that need not wait is: one INCREF, one
claim, one publication, one look at a word for sleepers.
"""

cimport cython
from cpython.list cimport PyList_New
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport free
from libc.stdint cimport UINT64_MAX, int64_t, uint32_t, uint64_t, uintptr_t

from allcores._native.c_queues cimport *

from types import GenericAlias

from allcores._common.cpus import cpu_count
from allcores._common.version import check_compiled
from allcores.errors import Empty, Full, ShutDown

cdef extern from "batches.h":
    uintptr_t *ac_tuple_items(object batch)
    void ac_tuple_forget(object batch, Py_ssize_t begin, Py_ssize_t end)
    void ac_tuple_add_refs(object batch, Py_ssize_t begin, Py_ssize_t end)
    void ac_tuple_drop_refs(object batch, Py_ssize_t begin, Py_ssize_t end)
    uintptr_t *ac_list_items(object result)
    void ac_list_cut(object result, Py_ssize_t size)

cdef extern from "gc_slots.h":
    int AC_GC_QUEUE, AC_GC_SIMPLE, AC_GC_LIFO, AC_GC_SHARDED, AC_GC_PRIORITY
    void ac_gc_install(object type, int which, PyObject *instance, void *channel_at)
    void ac_gc_drain(ac_channel *ch)
    void ac_gc_keep(uintptr_t item) noexcept

cdef extern from "fast_calls.h":
    void ac_fast_install(object type, int which)

cdef extern from "entries.h":
    void ac_entry_turn_again(ac_turn *turn, int64_t deadline_ns)

cdef extern from "lazy_dict.h":
    void ac_lazy_dict(object self)

check_compiled(__name__, AC_VERSION.decode())

cdef uint64_t default_shards = 0  # of a ShardedQueue; any thread may set it, to the same
cdef Py_ssize_t BATCH = 256  # references moved between two looks at the collector's needs


include "waits.pxi"
include "queues_moves.pxi"
include "queues_listening.pxi"
include "queues_heap.pxi"
include "queues_locked.pxi"
include "queues_inside.pxi"


cdef int begin(Queue self, ac_store_kind kind, uint64_t number) except -1:
    if self.ch != NULL:
        raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
    self.ch = new_channel(kind, number)
    self.ch.owner = <void *>self  # an address: whoever uses the channel holds the queue
    return 0


# -- the classes ----------------------------------------------------------------------------------

@cython.trashcan(True)
cdef class Queue(Inside):
    """Queue(maxsize=0, *, spsc=False)\n--\n
    A first-in first-out queue between threads: `queue.Queue`, lock-free.

    Parameters
    ----------
    maxsize : number, default 0
        Most items that the queue holds; `put` waits while there are so many. Zero or less: no
        bound. May be changed while the queue is in use, by assigning to the attribute.
    spsc : bool, default False
        Only one thread puts and only one gets: the first that does so each; a second producer
        or consumer gets a `RuntimeError`. It guards a design; it has not been seen to be faster.
        Wants a `maxsize` from 1 to 2**24, which may be lowered later, and raised again up to the
        next power of two.

    Notes
    -----
    Thread-safe throughout, and re-entrant: `put` may be called from ``__del__``, from a weak
    reference's callback and from a signal handler. It belongs to one process: a fork's child has
    its own copy with the items of that moment; pickling is refused.

    Its `mutex`, `queue`, `not_empty`, `not_full` and `all_tasks_done` are there for programs that reach
    inside, and the hooks ``_init _qsize _put _get`` for subclasses: either makes the queue one with a
    lock, for good, and ends the rule of ``spsc=True``.

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

    cdef object __weakref__
    cdef dict __dict__

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, *args, **kwargs):
        self.ch = NULL
        ac_lazy_dict(self)

    def __init__(self, maxsize=0, *, spsc=False):
        cdef uint64_t limit = limit_of(maxsize)
        if spsc and not 1 <= limit <= AC_SPSC_MAX_CAPACITY:
            raise ValueError(
                f"a queue for one producer and one consumer wants a maxsize from 1 to "
                f"{AC_SPSC_MAX_CAPACITY}, not {maxsize}"
            )
        if overrides(self, Queue):
            begin_locked(self, True, maxsize)
            return
        begin(self, AC_STORE_PAIR if spsc else AC_STORE_FIFO, limit)
        remember(self, maxsize)

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
        if type(self).put is not own_put:  # a subclass's, which the standard put_nowait calls as well
            self.put(item, block=False)
            return
        put_one(self.ch, item, False, None)

    def get_nowait(self):
        """Take the oldest item out, or raise `Empty` at once."""
        if self.ch == NULL:
            not_initialised(self)
        if type(self).get is not own_get:
            return self.get(block=False)
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
        put_all(self.ch, items, deadline)

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
        return size_of(self)

    def empty(self):
        """Return whether there was nothing inside at some instant of the call."""
        if self.ch == NULL:
            not_initialised(self)
        return size_of(self) == 0

    def full(self):
        """Return whether there were `maxsize` items inside at some instant of the call."""
        if self.ch == NULL:
            not_initialised(self)
        cdef uint64_t limit = ac_store_limit(&self.ch.store)
        if ac_store_is_elsewhere(&self.ch.store):
            limit = settled(self).limit
        return limit != 0 and size_of(self) >= limit

    def task_done(self):
        """Say that the work on one item that was taken out is finished.

        Raises
        ------
        ValueError
            It was called more often than items were put.
        """
        if self.ch == NULL:
            not_initialised(self)
        finish(self.ch, 1, True)

    def join(self):
        """Wait until `task_done` was called for every item that was put."""
        cdef uint32_t key
        cdef ac_slices slices = ac_slices(length_ns=0)
        if self.ch == NULL:
            not_initialised(self)
        while True:
            key = ac_ec_prepare(&self.ch.all_done)
            if ac_channel_is_evicted(self.ch):
                ac_ec_notify_all(&self.ch.all_done, AC_WAIT_PRIVATE)
                side_of(self).join(self)
                return
            if ac_channel_unfinished(self.ch) == 0:
                # Others may sleep: the notification that woke us was for all, but one of them may
                # have come late.
                ac_ec_notify_all(&self.ch.all_done, AC_WAIT_PRIVATE)
                return
            sleep_on(&self.ch.all_done, key, AC_FOREVER, &slices)

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
        if self.ch == NULL:
            not_initialised(self)
        cdef ac_status status = ac_channel_close(self.ch)
        if status == AC_OK and immediate:
            throw_rest_away(self.ch)
        if ac_store_is_elsewhere(&self.ch.store):
            side_of(self).shutdown(self, immediate)

    def clear(self):
        """Throw away what is inside; the tasks count as done.

        Returns
        -------
        int
            How many items that were. Those that others put meanwhile stay.

        Raises
        ------
        RuntimeError
            The queue has one consumer (``spsc=True``), and it is another thread.
        """
        if self.ch == NULL:
            not_initialised(self)
        return throw_away(self.ch, size_of(self))

    def stats(self):
        """Return numbers about the queue's life so far.

        Returns
        -------
        dict
            ``depth`` items inside, ``high_water`` the most that were inside since the first call
            (which begins to count: before it, a put pays nothing for it), ``puts`` and ``gets`` items
            ever moved, ``waits`` calls that had to sleep, ``unfinished`` tasks, ``maxsize``.
        """
        if self.ch == NULL:
            not_initialised(self)
        numbers = stats_of(self.ch)
        if ac_store_is_elsewhere(&self.ch.store):
            numbers = side_of(self).stats(self)
        return {
            **numbers,
            "unfinished": unfinished_of(self),
            "maxsize": self.maxsize,
        }

    @property
    def maxsize(self):
        """The bound as it was given, 0 or less for none; may be assigned while the queue is in use."""
        if self.ch == NULL:
            not_initialised(self)
        return maxsize_of(self)

    @maxsize.setter
    def maxsize(self, value):
        if self.ch == NULL:
            not_initialised(self)
        set_maxsize(self, value)

    @property
    def unfinished_tasks(self):
        """How many items were put and not yet reported by `task_done`; assign it under `mutex`."""
        if self.ch == NULL:
            not_initialised(self)
        return unfinished_of(self)

    @unfinished_tasks.setter
    def unfinished_tasks(self, value):
        locked_form(self).set_unfinished(self, value)

    @property
    def is_shutdown(self):
        """Whether `shutdown` was called."""
        if self.ch == NULL:
            not_initialised(self)
        return is_closed(self)


# Written once, here. As hooks, a subclass's are looked for in its class.
cdef object own_put = Queue.put, own_get = Queue.get


cdef class LifoQueue(Queue):
    """LifoQueue(maxsize=0)\n--\n
    A last-in first-out queue between threads: `queue.LifoQueue`, in compiled code.

    Parameters
    ----------
    maxsize : number, default 0
        As for `Queue`.

    Notes
    -----
    Thread-safe and re-entrant, as `Queue`. `get_many` returns the newest item first. An array under a
    lock of a few instructions (csrc/queues/ac_stack.h); memory is given back as it empties.
    """

    def __init__(self, maxsize=0):
        if overrides(self, LifoQueue):
            begin_locked(self, True, maxsize)
            return
        begin(self, AC_STORE_LIFO, limit_of(maxsize))
        remember(self, maxsize)

    def peek(self):
        """Return the newest item and leave it inside.

        Raises
        ------
        Empty, ShutDown
            There is none; `peek` never waits.
        """
        cdef uintptr_t item = 0
        cdef ac_status status
        if self.ch == NULL:
            not_initialised(self)
        status = ac_store_peek(&self.ch.store, ac_gc_keep, &item)
        if status == AC_ELSEWHERE:
            return side_of(self).peek(self)
        raise_status(status)
        return take(item)


cdef class ShardedQueue(Queue):
    """ShardedQueue(*, shards=None)\n--\n
    A queue that is first-in first-out for each producer, for many cores; without a bound.

    Parameters
    ----------
    shards : int or None
        How many parts the queue has, 1 to 1024, rounded up to a power of two; up to so many producers
        do not meet. None: enough for `allcores.cpu_count()` producers.

    Notes
    -----
    The items of one thread come out in its order; those of different threads in any. Everything else
    is as in `Queue`. With a GIL there is nothing to gain: threads take turns anyway. After
    moodycamel's ConcurrentQueue (csrc/queues/ac_sharded.h).
    """

    def __init__(self, *, shards=None):
        global default_shards
        if shards is None:
            if default_shards == 0:  # not asked yet: it reads files
                default_shards = min(cpu_count(), AC_SHARDED_MAX_SHARDS)
            shards = default_shards
        if isinstance(shards, bool) or not hasattr(shards, "__index__"):
            raise TypeError(f"shards must be None or an int, not {type(shards).__name__}")
        if not 1 <= shards.__index__() <= AC_SHARDED_MAX_SHARDS:
            raise ValueError(f"shards must be from 1 to {AC_SHARDED_MAX_SHARDS}, not {shards}")
        if overrides(self, ShardedQueue):
            raise TypeError(
                f"{type(self).__name__} overrides one of {', '.join(HOOK_NAMES)}: a ShardedQueue keeps "
                "its items in parts and calls no hooks; derive from Queue"
            )
        begin(self, AC_STORE_MANY, shards)


include "queues_priority.pxi"


@cython.trashcan(True)
cdef class SimpleQueue(Listened):
    """SimpleQueue()\n--\n
    An unbounded first-in first-out queue between threads: `queue.SimpleQueue`, with batches.

    Notes
    -----
    Thread-safe and re-entrant, as `Queue`; without a bound, tasks or shutdown.
    """

    cdef object __weakref__

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, *args, **kwargs):
        self.ch = new_channel(AC_STORE_FIFO, 0)

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
        put_all(self.ch, items, 0)

    def get_many(self, n, block=True, timeout=None):
        """Wait for an item, then take up to `n` that are there; see `Queue.get_many`."""
        return get_some(self.ch, n, block, timeout)

    def qsize(self):
        """Return how many items are inside: exact when no other thread uses the queue."""
        return ac_store_size(&self.ch.store)

    def empty(self):
        """Return whether there was nothing inside at some instant of the call."""
        return ac_store_size(&self.ch.store) == 0

    def clear(self):
        """Throw away what is inside; return how many items that were. See `Queue.clear`."""
        return throw_away(self.ch, ac_store_size(&self.ch.store))

    def stats(self):
        """Return ``depth high_water puts gets waits``; see `Queue.stats`."""
        return stats_of(self.ch)


cdef void install_slots():
    # Before anybody can subclass or call; see gc_slots.h and fast_calls.h.
    cdef Queue q = Queue()
    cdef SimpleQueue s = SimpleQueue()
    ac_gc_install(Queue, AC_GC_QUEUE, <PyObject *>q, &q.ch)
    ac_gc_install(LifoQueue, AC_GC_LIFO, <PyObject *>q, &q.ch)
    ac_gc_install(ShardedQueue, AC_GC_SHARDED, <PyObject *>q, &q.ch)
    ac_gc_install(PriorityQueue, AC_GC_PRIORITY, <PyObject *>q, &q.ch)
    ac_gc_install(SimpleQueue, AC_GC_SIMPLE, <PyObject *>s, &s.ch)
    ac_fast_install(Queue, AC_GC_QUEUE)
    ac_fast_install(SimpleQueue, AC_GC_SIMPLE)


install_slots()
