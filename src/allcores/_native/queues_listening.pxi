from collections import deque
from os import register_at_fork

from cpython.exc cimport PyErr_SetObject, PyErr_WriteUnraisable

from allcores._common.async_waits import retry_when_told

# Who listens to a queue besides the threads that sleep in it: `select`, and tasks of event loops.
#
# The channel calls `heard` after an operation, if its bit for listeners is set (ac_channel.h). No item is
# kept back for a listener. A thread in select has a gate; each operation opens all gates. A task has
# a waiter (_common/async_waits.py) on a list; each operation tells the first, which tells the next if
# it leaves and there is still something.
#
# That no hint is lost: a listener puts itself on the list, sets the bit (and passes the fence F2 of
# ac_event_count.h), then tests the queue. An operation changes the queue, passes F1 (in the notification
# of sleepers, which comes first), then looks at the list. One of the two sees the other.
#
# Two kinds of list, because of what may happen while one is changed:
#   gates     C structures under an ac_mutex. Opening one is a store and a system call, so that it is done
#             under the lock, and no gate goes away meanwhile. Nothing there can run Python or detach.
#   waiters   a collections.deque without a lock of ours: append, popleft and remove are atomic (by the
#             GIL; by the deque's own lock without one) and compare by identity. So a put from __del__
#             or from a signal handler in the middle of our code meets a settled list. The collector
#             sees them, which a list in C would have to show it: a waiter belongs to a task that refers to
#             the queue. `remove` takes time in proportion to the waiters, as in asyncio.Queue.

cdef extern from "Python.h":
    int Py_AddPendingCall(int (*call)(void *) except -1, void *arg)

cdef struct ac_watch:  # one gate at one queue
    ac_watch *next
    ac_watch **link  # what points to this one; NULL: on no list
    ac_event_count *gate

cdef uint64_t generation = 0  # how many forks this process is away from the first; by the fork's child
cdef ac_mutex making  # held for the look at, or the setting of, a queue's attribute `listeners`


def new_generation():
    global generation
    generation += 1


register_at_fork(after_in_child=new_generation)


# -- what goes wrong while somebody is told ----------------------------------------------------------

cdef int raise_posted(void *arg) except -1:
    error = <object>arg
    Py_DECREF(error)
    raise error


cdef void raise_later(object error) noexcept:
    # Telling a loop runs Python code, and that runs signal handlers; what one raises (Ctrl-C) cannot come
    # out of a put that has succeeded. It comes out of the main thread's next instruction instead.
    if runtime_in_main_thread():
        Py_INCREF(error)
        if Py_AddPendingCall(raise_posted, <void *>error) == 0:
            return
        Py_DECREF(error)
    PyErr_SetObject(type(error), error)
    PyErr_WriteUnraisable(retry_when_told)


# -- the listeners of one queue ----------------------------------------------------------------------

@cython.final
cdef class Listeners:
    cdef ac_channel *ch  # of the queue that owns this object
    cdef ac_mutex lock  # held for what follows, up to the lists of waiters
    cdef uint64_t count[2]  # who listens for items, for room; the bit is off when it falls to zero
    cdef ac_watch *watches
    cdef uint64_t since  # the generation of all that
    cdef object for_items
    cdef object for_room

    def __cinit__(self):
        self.for_items = deque()
        self.for_room = deque()
        self.since = generation

    # What follows up to `pass_on` is called by a waiting task.

    def enter(self, int what):
        """Count one more listener; return what `leave` wants to be told."""
        self.look_for_fork()
        ac_mutex_lock(&self.lock)
        self.count[what] += 1
        ac_mutex_unlock(&self.lock)
        return self.since

    def add(self, int what, waiter, bint front):
        """Put a waiter on the list, to be told of what comes from now on."""
        cdef object waiters = self.waiters(what)
        if front:
            waiters.appendleft(waiter)
        else:
            waiters.append(waiter)
        ac_mutex_lock(&self.lock)
        ac_channel_listen(self.ch, what, True)  # has F2: after the list, before the caller's test
        ac_mutex_unlock(&self.lock)

    def discard(self, int what, waiter):
        """Take a waiter off the list; return whether it was there: if not, it was told."""
        try:
            self.waiters(what).remove(waiter)
        except ValueError:
            return False
        return True

    def leave(self, int what, uint64_t since):
        """Count one listener less."""
        if since != generation:
            return  # it was counted before a fork
        ac_mutex_lock(&self.lock)
        self.count_out(what)
        ac_mutex_unlock(&self.lock)

    def pass_on(self, int what, queue):
        """Tell the next waiter, if the queue has something for it."""
        if len(self.waiters(what)) == 0:
            return
        if readable(queue) if what == AC_CHANNEL_ITEM else writable(queue):
            self.tell_waiters(what, 1)

    # -- for C ------------------------------------------------------------------------------------

    cdef object waiters(self, int what):
        return self.for_items if what == AC_CHANNEL_ITEM else self.for_room

    cdef void count_out(self, int what) noexcept:
        # Under the lock, so that the bit is not cleared under somebody who has just come.
        self.count[what] -= 1
        if self.count[what] == 0:
            ac_channel_listen(self.ch, what, False)

    cdef int look_for_fork(self) except -1:
        # In a fork's child nobody listens any more: threads and loops are the parent's. The gates are
        # memory that no frame will ever free. The lock is free: a fork does not happen inside it.
        if self.since == generation:
            return 0
        ac_mutex_lock(&self.lock)
        self.since = generation
        self.watches = NULL
        self.count[AC_CHANNEL_ITEM] = self.count[AC_CHANNEL_ROOM] = 0
        ac_channel_listen(self.ch, AC_CHANNEL_ITEM, False)
        ac_channel_listen(self.ch, AC_CHANNEL_ROOM, False)
        ac_mutex_unlock(&self.lock)
        self.for_items.clear()  # may end tasks, and so run anything: last
        self.for_room.clear()
        return 0

    cdef int watch(self, ac_watch *watch) except -1:
        self.look_for_fork()
        ac_mutex_lock(&self.lock)
        self.count[AC_CHANNEL_ITEM] += 1
        watch.next = self.watches
        watch.link = &self.watches
        if watch.next != NULL:
            watch.next.link = &watch.next
        self.watches = watch
        ac_channel_listen(self.ch, AC_CHANNEL_ITEM, True)  # has F2
        ac_mutex_unlock(&self.lock)
        return 0

    cdef void unwatch(self, ac_watch *watch) noexcept:
        ac_mutex_lock(&self.lock)
        watch.link[0] = watch.next
        if watch.next != NULL:
            watch.next.link = watch.link
        self.count_out(AC_CHANNEL_ITEM)
        ac_mutex_unlock(&self.lock)

    cdef void heard(self, int what, bint everybody) noexcept:
        cdef ac_watch *watch
        self.look_for_fork()
        if what == AC_CHANNEL_ITEM:
            ac_mutex_lock(&self.lock)
            watch = self.watches
            while watch != NULL:
                ac_ec_notify_all(watch.gate, AC_WAIT_PRIVATE)
                watch = watch.next
            ac_mutex_unlock(&self.lock)
        # Only by len() is the list looked at without its lock: F1 and F2 stand in for it.
        cdef Py_ssize_t there = len(self.waiters(what))
        if there > 0:
            self.tell_waiters(what, there if everybody else 1)

    cdef void tell_waiters(self, int what, Py_ssize_t number) noexcept:
        cdef object waiters = self.waiters(what), error = None
        cdef int trouble = 0
        while number > 0:
            try:
                waiter = waiters.popleft()
            except IndexError:
                break
            try:
                if waiter.wake():
                    number -= 1
                # else its loop is closed, or does not run now: another one, too
            except BaseException as caught:
                # A signal handler's, or no memory. Whether it was told is not known: once more, since
                # to tell twice does no harm.
                waiters.appendleft(waiter)
                error = caught
                trouble += 1
                if trouble == 8:
                    break
        if error is not None:
            raise_later(error)


# -- a queue that can be listened to -----------------------------------------------------------------

@cython.trashcan(True)  # here, where an object attribute is: without one the subclass's is ignored
cdef class Listened:
    """What all queues of this module have in common."""

    cdef ac_channel *ch
    cdef object listeners  # None, or for good a Listeners; set by listeners_for

    def aput(self, item):
        """Return a coroutine that puts an item in; its task waits for room if need be.

        Parameters
        ----------
        item : object

        Raises
        ------
        ShutDown
            The queue was shut down.

        Notes
        -----
        For any number of event loops, in any threads, beside threads that call `put` and `get`. Cancel
        it at any time (``asyncio.timeout`` bounds the wait): if it raises, the item was not put. Who waits
        longer goes first among those who wait, but does not hold up one that finds room at once.
        """
        return retry_when_told(
            self, AC_CHANNEL_ROOM, Full, listeners_for, self.put_nowait, item
        )

    def aget(self):
        """Return a coroutine that takes the oldest item out; its task waits for one if need be.

        Returns
        -------
        coroutine
            Its result is the item.

        Raises
        ------
        ShutDown
            The queue was shut down and is empty.

        Notes
        -----
        See `aput`. If it raises, nothing was taken. One that finds an item does not yield to the loop,
        as with `asyncio.Queue`.
        """
        return retry_when_told(self, AC_CHANNEL_ITEM, Empty, listeners_for, self.get_nowait)

    def aget_many(self, n):
        """Return a coroutine that waits for an item and takes up to `n` that are there.

        Its result is a list, as that of `get_many`. See `aget`.
        """
        return retry_when_told(
            self, AC_CHANNEL_ITEM, Empty, listeners_for, self.get_many, n, False
        )


cdef void channel_heard(void *arg, int what) noexcept:
    # What the channel calls. The attribute was written before the bit was set. (The collector sets it to
    # None when it breaks up a dead cycle.) A shutdown is for all; an eviction looks like one from below.
    cdef Listened queue = <Listened>arg
    cdef object listeners = queue.listeners
    if listeners is not None:
        (<Listeners>listeners).heard(
            what, ac_store_is_closed(&queue.ch.store) and not ac_channel_is_evicted(queue.ch)
        )


def listeners_for(Listened queue not None):
    # Made when first asked for. Here no bit has been seen before, so that the
    # attribute is read under a lock.
    cdef Listeners made
    cdef object found = listeners_of(queue)
    if found is not None:
        return found
    if queue.ch == NULL:
        not_initialised(queue)
    made = Listeners()
    made.ch = queue.ch
    ac_mutex_lock(&making)
    if queue.listeners is None:  # else another thread was faster
        queue.listeners = made
        queue.ch.heard = channel_heard
        queue.ch.heard_arg = <void *>queue
    found = queue.listeners
    ac_mutex_unlock(&making)
    return found


cdef object listeners_of(Listened queue):
    cdef object found
    ac_mutex_lock(&making)
    found = queue.listeners
    ac_mutex_unlock(&making)
    return found


# -- select -----------------------------------------------------------------------------------------

cdef bint readable(object queue) except -1:
    # By the public methods, which answer for a queue of any kind.
    return queue.qsize() > 0 or getattr(queue, "is_shutdown", False)


cdef bint writable(object queue) except -1:
    return not queue.full() or queue.is_shutdown


cdef list readable_of(list queues):
    return [queue for queue in queues if readable(queue)]


@cython.final
cdef class Gate:
    # Where one thread sleeps for several queues. One thread uses it; listeners open it.
    cdef ac_event_count opened
    cdef ac_watch *watches
    cdef list at  # the Listeners that the first watches stand with
    cdef uint64_t since

    def __cinit__(self):
        self.at = []  # `detach` looks at it, however far `attach` has come

    def __dealloc__(self):
        PyMem_Free(self.watches)

    cdef int attach(self, list queues) except -1:
        cdef Py_ssize_t i, total = len(queues)
        cdef Listeners listeners
        self.since = generation
        self.watches = <ac_watch *>PyMem_Malloc(max(total, 1) * sizeof(ac_watch))
        if self.watches == NULL:
            raise MemoryError(f"no memory to wait for {total} queues")
        for i in range(total):
            listeners = listeners_for(queues[i])
            self.watches[i].gate = &self.opened
            listeners.look_for_fork()
            self.at.append(listeners)
            listeners.watch(&self.watches[i])  # cannot fail any more
        return 0

    cdef int detach(self) except -1:
        # Not called if the thread is ended where it sleeps, at the interpreter's exit: then the frame keeps
        # the gate for ever.
        cdef Py_ssize_t i
        if self.since == generation:
            for i in range(len(self.at)):
                (<Listeners>self.at[i]).unwatch(&self.watches[i])
        return 0


def select(queues, timeout=None):
    """Wait until at least one of several queues can be read; return those that can.

    Parameters
    ----------
    queues : iterable of queues
        Of this module; of different kinds, if need be.
    timeout : float or None
        Seconds to wait at most (monotonic clock); 0: look once; None: for ever.

    Returns
    -------
    list
        The queues, in the order given, that had an item inside, or were shut down, so that `get`
        does not wait: it raises `ShutDown` if nothing is left. Empty when the time is over.

    Raises
    ------
    TypeError
        Something is not a queue of this module.
    ValueError
        `timeout` is negative, or there is no queue and no timeout: it would wait for ever.

    Notes
    -----
    As ``select.select``, it takes nothing out and says what was true at one look: another thread may
    be faster, so that `get_nowait` is the call to follow. Asked again, it gives the same answer as long as
    nothing changes. Thread-safe: several threads may wait for the same queues; each is woken. A thread
    that sleeps here uses no processor; a put pays for it only while it does. In a fork's child nobody
    of the parent's waits.

    Examples
    --------
    >>> from allcores.queue import Queue, SimpleQueue, select
    >>> jobs, orders = Queue(), SimpleQueue()
    >>> orders.put("stop")
    >>> select([jobs, orders]) == [orders]
    True
    """
    cdef list chosen, ready
    cdef Gate gate
    cdef uint32_t key
    cdef int64_t deadline
    cdef ac_slices slices = ac_slices(length_ns=0)
    if isinstance(queues, Listened):
        raise TypeError("select takes a list of queues: select([q])")
    chosen = list(queues)
    for queue in chosen:
        if not isinstance(queue, Listened):
            cls = type(queue)
            raise TypeError(
                f"select takes queues of allcores.queue, not {cls.__module__}.{cls.__qualname__}"
            )
    deadline = deadline_of(True, timeout)
    if not chosen and timeout is None:
        raise ValueError("select of no queues without a timeout would wait for ever")
    ready = readable_of(chosen)
    if ready or (timeout is not None and deadline <= ac_now_ns()):
        return ready
    while True:
        gate = Gate()
        try:
            gate.attach(chosen)
            while gate.since == generation:  # else a signal handler has forked, and this is the child
                key = ac_ec_prepare(&gate.opened)
                ready = readable_of(chosen)
                if ready or deadline <= ac_now_ns():
                    return ready
                sleep_on(&gate.opened, key, deadline, &slices)
        finally:
            gate.detach()
