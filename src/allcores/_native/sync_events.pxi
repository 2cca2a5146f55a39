# Event, AtomicFlag and Latch: wait for something that becomes true.

cdef entry slow_event_wait


cdef bint event_wait(ac_event *core, int64_t deadline) except -1:
    # After a first look that found the flag down. False at the deadline.
    cdef uint32_t key, first = ac_event_look(core)
    cdef int64_t left
    cdef ac_slices slices = ac_slices(length_ns=0)
    if deadline != 0:
        with nogil:
            left = ac_event_spin(core, first, deadline)
        ac_spin_attached(&core.spin, left)
    while True:
        key = ac_event_prepare(core, first)
        if key == 0:
            return True
        if ac_now_ns() >= deadline:
            return False
        sleep_word(&core.word, key, deadline, &slices)


cdef class Event:
    """Event()\n--\n
    A flag to wait for: `threading.Event`.

    Notes
    -----
    Thread-safe throughout; `set` may be called from ``__del__`` and from a signal handler. A waiter
    that was there when `set` was called returns True, also if `clear` comes before it runs. A fork's
    child has its own copy with the flag of that moment, and nobody waits in it; pickling is refused.

    One word that holds the flag, a mark for sleepers and a generation (csrc/sync/README.md).

    Examples
    --------
    >>> from allcores.threading import Event
    >>> e = Event()
    >>> e.wait(0.01)
    False
    >>> e.set(); e.wait()
    True
    """

    cdef ac_event core
    cdef object borrowed  # see _cond
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self):
        pass

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        return described(self, "set" if ac_event_is_set(&self.core) else "unset")

    def is_set(self):
        """Return whether the flag is up."""
        return ac_event_is_set(&self.core)

    def isSet(self):
        """Return whether the flag is up. Deprecated: use `is_set`."""
        deprecated("isSet", "is_set")
        return self.is_set()

    def set(self):
        """Put the flag up; everybody who waits goes on."""
        ac_event_set(&self.core)

    def clear(self):
        """Take the flag down; who calls `wait` from now on waits for the next `set`."""
        ac_event_clear(&self.core)

    def wait(self, timeout=None):
        """Wait until the flag is up.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: not at all.

        Returns
        -------
        bool
            True if the flag is up, or was since the call began; False if the time is over.
        """
        cdef int64_t deadline
        if ac_event_is_set(&self.core):
            return True
        deadline = deadline_after(timeout)
        return event_wait(&self.core, deadline)

    @property
    def _cond(self):
        # The standard event is a condition with a flag, and there are programs that take its lock. No
        # wait of ours sleeps here.
        if self.borrowed is None:
            with borrowing:
                if self.borrowed is None:
                    self.borrowed = Condition(Lock())
        return self.borrowed

    def _at_fork_reinit(self):
        # A mark for sleepers that are gone costs the next set one system call, and nothing else.
        if self.borrowed is not None:
            self.borrowed._at_fork_reinit()


borrowing = Lock()


cdef object fast_event_wait(Event self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 0 and kwnames == NULL:
        if ac_event_is_set(&self.core):
            return True
        return event_wait(&self.core, AC_FOREVER)
    return slow_event_wait(self, args, nargs, kwnames)


cdef class AtomicFlag:
    """AtomicFlag()\n--\n
    A flag that tells who put it up: of many `test_and_set`, one finds it down.

    Notes
    -----
    Thread-safe throughout, each call one atomic step; true while it is up. Equality and hash are the
    object's, not the flag's. A fork's child has its own copy; pickling is refused.

    Examples
    --------
    >>> from allcores.threading import AtomicFlag
    >>> flag = AtomicFlag()
    >>> flag.test_and_set(), flag.test_and_set()
    (False, True)
    """

    cdef ac_event core
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self):
        pass

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        return described(self, "set" if ac_event_is_set(&self.core) else "unset")

    def __bool__(self):
        return ac_event_is_set(&self.core)

    def test_and_set(self):
        """Put the flag up; return whether it was up before."""
        return ac_event_set(&self.core)

    def clear(self):
        """Take the flag down."""
        ac_event_clear(&self.core)

    def is_set(self):
        """Return whether the flag is up."""
        return ac_event_is_set(&self.core)

    def wait(self, timeout=None):
        """Wait until the flag is up; as `Event.wait`."""
        cdef int64_t deadline
        if ac_event_is_set(&self.core):
            return True
        deadline = deadline_after(timeout)
        return event_wait(&self.core, deadline)


cdef class Latch:
    """Latch(count)\n--\n
    A number that only falls; who waits goes on when it is zero, and for ever after.

    Parameters
    ----------
    count : int
        How often `count_down` must be called, at most 2**62.

    Notes
    -----
    Thread-safe throughout; `count_down` may be called from ``__del__`` and from a signal handler. For one
    meeting; for one that repeats, see `Barrier`. A fork's child has its own copy with the count of that
    moment; pickling is refused.

    After C++'s ``std::latch`` and Java's ``CountDownLatch``.

    Examples
    --------
    >>> from allcores.threading import Latch
    >>> latch = Latch(2)
    >>> latch.count_down(); latch.wait(0.01)
    False
    >>> latch.count_down(); latch.wait()
    True
    """

    cdef ac_latch core
    cdef bint ready
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self, count):
        cdef uint64_t number = count_of(count, "count", 0, AC_SEMAPHORE_MAX)
        if self.ready:
            raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
        ac_latch_init(&self.core, number)
        self.ready = True

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        if not self.ready:
            return described(self, "not initialised")
        return described(self, f"count={ac_latch_count(&self.core)}")

    def count_down(self, n=1):
        """Lower the count; at zero everybody who waits goes on.

        Parameters
        ----------
        n : int, default 1
            By how much.

        Raises
        ------
        ValueError
            `n` is less than 1, or more than what is left; the count is unchanged.
        """
        cdef uint64_t number
        if not self.ready:
            not_initialised(self)
        number = count_of(n, "n", 1, AC_SEMAPHORE_MAX)
        if ac_latch_count_down(&self.core, number) != AC_OK:
            raise ValueError(
                f"count_down({number}) of a latch with {ac_latch_count(&self.core)} left: "
                "it was counted down more often than its count says"
            )

    def wait(self, timeout=None):
        """Wait until the count is zero.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: not at all.

        Returns
        -------
        bool
            True if the count is zero; False if the time is over.
        """
        cdef uint32_t key
        cdef int64_t deadline, left
        cdef ac_slices slices = ac_slices(length_ns=0)
        if not self.ready:
            not_initialised(self)
        if ac_latch_count(&self.core) == 0:
            return True
        deadline = deadline_after(timeout)
        if deadline != 0:
            with nogil:
                left = ac_latch_spin(&self.core, deadline)
            ac_spin_attached(&self.core.spin, left)
        while True:
            key = ac_ec_prepare(&self.core.zero)
            if ac_latch_count(&self.core) == 0:
                return True
            if ac_now_ns() >= deadline:
                return False
            sleep_on(&self.core.zero, key, deadline, &slices)

    @property
    def count(self):
        """How much is left."""
        if not self.ready:
            not_initialised(self)
        return ac_latch_count(&self.core)
