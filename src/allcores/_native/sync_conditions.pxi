# Condition: a lock, and a row of threads that wait to be told.

cdef entry slow_cond_exit, slow_cond_notify

# What a waiter may be told. ONE is passed on by a waiter that leaves by an exception; ALL is not: everybody
# was told.
cdef uint32_t TOLD_ONE = AC_WAITER_ANSWER
cdef uint32_t TOLD_ALL = AC_WAITER_ANSWER + 1


cdef class Condition:
    """Condition(lock=None)\n--\n
    Wait, with a lock given back meanwhile, until another thread says so: `threading.Condition`.

    Parameters
    ----------
    lock : object or None
        Anything with ``acquire`` and ``release`` (and ``_release_save``, ``_acquire_restore``,
        ``_is_owned``, if it has them); None: a re-entrant lock of its own.

    Notes
    -----
    Thread-safe as its lock says. Waiters are told in the order in which they came, exactly as many
    as `notify` says; one that leaves by an exception after it was told tells the next. A fork's child
    has its own copy in which nobody waits; whether its lock is held is as at that moment. Pickling is
    refused.

    A row of waiters with a word each (csrc/sync/README.md); `notify` with nobody waiting is one load.

    Examples
    --------
    >>> from allcores.threading import Condition
    >>> c, items = Condition(), [1]
    >>> with c:
    ...     c.wait_for(lambda: items)
    ...     c.notify()
    [1]
    """

    cdef ReentrantLock own  # the lock if it is one of ours; else None
    cdef object lock
    cdef object save, restore, owned  # the lock's, if it has them
    cdef ac_waitlist row
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self, lock=None):
        if self.lock is not None:
            raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
        if lock is None:
            lock = ReentrantLock()
        self.own = lock if type(lock) is ReentrantLock else None
        if self.own is None:
            # Attributes that must be there are asked for now, so that what is no lock is refused here.
            lock.acquire, lock.release
            self.save = getattr(lock, "_release_save", None)
            self.restore = getattr(lock, "_acquire_restore", None)
            self.owned = getattr(lock, "_is_owned", None)
        self.lock = lock

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        return f"<{type(self).__name__}({self.lock!r}, {ac_waitlist_count(&self.row)})>"

    @property
    def _lock(self):
        # A name of the standard class that programs use.
        if self.lock is None:
            not_initialised(self)
        return self.lock

    def acquire(self, *args, **kwargs):
        """Take the lock: its ``acquire``, with its arguments."""
        if self.own is not None and not args and not kwargs:
            return relock_acquire(&self.own.core, AC_FOREVER)
        return self._lock.acquire(*args, **kwargs)

    def release(self):
        """Give the lock back: its ``release``."""
        return self._lock.release()

    def locked(self):
        """Return whether the lock is held: its ``locked``."""
        return self._lock.locked()

    def __enter__(self):
        """Take the lock."""
        if self.own is not None:
            return relock_acquire(&self.own.core, AC_FOREVER)
        return self._lock.__enter__()

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the lock back."""
        return self._lock.__exit__(exc_type, exc, tb)

    def wait(self, timeout=None):
        """Give the lock back, wait to be told, and take the lock again.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most (monotonic clock), without what taking the lock again takes; None:
            for ever; zero or less: not at all.

        Returns
        -------
        bool
            True if a `notify` chose this thread; False if the time is over.

        Raises
        ------
        RuntimeError
            The calling thread does not hold the lock.
        """
        if not cond_owned(self):
            raise RuntimeError("cannot wait on un-acquired lock")
        return cond_wait(self, deadline_after(timeout))

    def wait_for(self, predicate, timeout=None):
        """Wait until something is true.

        Parameters
        ----------
        predicate : callable
            Called without arguments while the lock is held, first at once and then after each wait.
        timeout : float or None
            Seconds for all waits together.

        Returns
        -------
        object
            What `predicate` returned last: true, or what it was when the time was over.

        Raises
        ------
        RuntimeError
            The calling thread does not hold the lock.
        """
        cdef double end = 0, left = 0
        cdef bint first = True
        result = predicate()
        while not result:
            if timeout is not None:
                if first:
                    first = False
                    left = timeout
                    end = ac_now_ns() * 1e-9 + left
                else:
                    left = end - ac_now_ns() * 1e-9
                    if left <= 0:
                        break
            self.wait(None if timeout is None else left)
            result = predicate()
        return result

    def notify(self, n=1):
        """Tell the first `n` who wait, or all if there are fewer.

        Parameters
        ----------
        n : int, default 1
            How many; zero or less: nobody.

        Raises
        ------
        RuntimeError
            The calling thread does not hold the lock.
        """
        cdef uint32_t count
        if not cond_owned(self):
            raise RuntimeError("cannot notify on un-acquired lock")
        if n > 0 and ac_waitlist_count(&self.row):
            count = 0xFFFFFFFF if n >= 0xFFFFFFFF else n
            ac_waitlist_wake(&self.row, count, TOLD_ONE, forks)

    def notify_all(self):
        """Tell everybody who waits.

        Raises
        ------
        RuntimeError
            The calling thread does not hold the lock.
        """
        if type(self) is not Condition:
            # A subclass may have a notify of its own: it goes by name, as in the standard class.
            self.notify(ac_waitlist_count(&self.row))
            return
        if not cond_owned(self):
            raise RuntimeError("cannot notify on un-acquired lock")
        if ac_waitlist_count(&self.row):
            ac_waitlist_wake(&self.row, 0xFFFFFFFF, TOLD_ALL, forks)

    def notifyAll(self):
        """Tell everybody who waits. Deprecated: use `notify_all`."""
        deprecated("notifyAll", "notify_all")
        self.notify_all()

    # The names below are those under which the standard class reaches its lock.

    def _is_owned(self):
        return cond_owned(self)

    def _release_save(self):
        if self.own is not None:
            return self.own._release_save()
        if self.save is not None:
            return self.save()
        self._lock.release()

    def _acquire_restore(self, state):
        if self.own is not None:
            relock_restore(&self.own.core, state)
        elif self.restore is not None:
            self.restore(state)
        else:
            self._lock.acquire()

    def _at_fork_reinit(self):
        self._lock._at_fork_reinit()
        ac_waitlist_reset(&self.row)


cdef bint cond_owned(Condition self) except -1:
    if self.own is not None:
        return ac_relock_is_owned(&self.own.core, this_thread())
    if self.owned is not None:
        return self.owned()
    # A lock that cannot say whose it is: held at all, as in the standard class.
    lock = self._lock
    if lock.acquire(False):
        lock.release()
        return False
    return True


cdef bint cond_wait(Condition self, int64_t deadline) except -1:
    cdef ac_waiter *w = new_waiter(0)
    cdef int64_t answer = 0
    cdef uint64_t depth = 0
    state = None
    ac_waitlist_enter(&self.row, w, forks)
    try:
        if self.own is not None:
            depth = ac_relock_save(&self.own.core)
        else:
            state = self._release_save()
    except BaseException:
        cond_leave(self, w, True)
        raise
    try:
        try:
            answer = wait_answer(&self.row, w, deadline)
        except BaseException:
            cond_leave(self, w, True)
            raise
        if answer == 0:
            answer = cond_leave(self, w, False)  # told between the deadline and here: told
        else:
            ac_waiter_free(w)
    finally:
        if self.own is not None:
            relock_restore(&self.own.core, depth)
        else:
            self._acquire_restore(state)
    return answer != 0


cdef uint32_t cond_leave(Condition self, ac_waiter *w, bint by_exception) noexcept:
    # Out of the row. Who was told and cannot heed it tells the next.
    cdef uint32_t answer = ac_waitlist_leave(&self.row, w, forks)
    ac_waiter_free(w)
    if by_exception and answer == TOLD_ONE:
        ac_waitlist_wake(&self.row, 1, TOLD_ONE, forks)
    return answer


# -- entries without argument parsing --------------------------------------------------------------

cdef object fast_cond_exit(Condition self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if (
        nargs == 3
        and kwnames == NULL
        and self.own is not None
        and ac_relock_is_owned(&self.own.core, this_thread())
    ):
        ac_relock_unlock(&self.own.core)
        return None
    return slow_cond_exit(self, args, nargs, kwnames)


cdef object fast_cond_notify(Condition self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if (
        nargs == 0
        and kwnames == NULL
        and self.own is not None
        and ac_relock_is_owned(&self.own.core, this_thread())
    ):
        if ac_waitlist_count(&self.row):
            ac_waitlist_wake(&self.row, 1, TOLD_ONE, forks)
        return None
    return slow_cond_notify(self, args, nargs, kwnames)
