# RWLock: many readers or one writer.

cdef class RWLock:
    """RWLock()\n--\n
    A lock for many readers or one writer, first come first served.

    Notes
    -----
    A writer that waits lets no new reader in, and whoever gives the lock back hands it to the first in
    the row (with all readers that stand there together), so that neither side starves.

    Not re-entrant. A writer that asks again, for either side, would wait for itself: it gets a
    ``RuntimeError`` (False with ``blocking=False``). A reader that asks again works only while no
    writer waits, and a reader that asks to write waits for itself; readers are counted, not named, so
    that neither is noticed. To go from writing to reading, `downgrade`; there is no way back.

    Thread-safe throughout. The writer must be the one to release; any thread may release for a reader.
    A wait that ends by a timeout or an exception leaves nothing behind. A fork's child has its own copy,
    held as at that moment, in which nobody waits; pickling is refused.

    One word for the fast path and a row with hand-over (csrc/sync/README.md).

    Examples
    --------
    >>> from allcores.threading import RWLock
    >>> lock, prices = RWLock(), {}
    >>> with lock.write():
    ...     prices["a"] = 1
    >>> with lock.read():
    ...     prices["a"]
    1
    """

    cdef ac_rwlock core
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self):
        pass

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        if ac_rwlock_is_written(&self.core):
            return described(self, "writing")
        return described(self, f"readers={ac_rwlock_readers(&self.core)}")

    def acquire_read(self, blocking=True, timeout=-1):
        """Take the lock for reading, together with other readers.

        Parameters
        ----------
        blocking : bool, default True
            Whether to wait.
        timeout : float, default -1
            Seconds to wait at most (monotonic clock); -1: for ever.

        Returns
        -------
        bool
            Whether the lock was taken.

        Raises
        ------
        RuntimeError
            This thread has the lock for writing.
        ValueError
            `timeout` is negative and not -1, or was given with ``blocking=False``.
        """
        return rw_acquire(self, AC_RW_READ, lock_deadline(blocking, timeout))

    def acquire_write(self, blocking=True, timeout=-1):
        """Take the lock for writing, alone; arguments, result and errors as for `acquire_read`."""
        return rw_acquire(self, AC_RW_WRITE, lock_deadline(blocking, timeout))

    def release_read(self):
        """Give back what `acquire_read` took.

        Raises
        ------
        RuntimeError
            Nobody has the lock for reading.
        """
        if not ac_rwlock_release_read(&self.core, forks):
            raise RuntimeError("release_read() of a lock that nobody has for reading")

    def release_write(self):
        """Give back what `acquire_write` took.

        Raises
        ------
        RuntimeError
            This thread has not the lock for writing.
        """
        if not ac_rwlock_release_write(&self.core, this_thread(), forks):
            raise RuntimeError("release_write() by a thread that has not the lock for writing")

    def downgrade(self):
        """Turn the writer into a reader; no other writer comes between.

        Raises
        ------
        RuntimeError
            This thread has not the lock for writing.
        """
        if not ac_rwlock_downgrade(&self.core, this_thread(), forks):
            raise RuntimeError("downgrade() by a thread that has not the lock for writing")

    def read(self):
        """Return a context manager that takes the lock for reading; it may be used again and again."""
        return rw_side(self, AC_RW_READ)

    def write(self):
        """Return a context manager that takes the lock for writing; after a `downgrade` inside it gives
        back the reader."""
        return rw_side(self, AC_RW_WRITE)

    @property
    def readers(self):
        """How many readers have the lock at the moment."""
        return ac_rwlock_readers(&self.core)

    @property
    def writing(self):
        """Whether a writer has the lock at the moment."""
        return ac_rwlock_is_written(&self.core)


cdef bint rw_acquire(RWLock self, uint32_t kind, int64_t deadline) except -1:
    cdef uint64_t me = this_thread()
    cdef ac_waiter *w
    cdef int64_t answer
    if ac_rwlock_try_read(&self.core) if kind == AC_RW_READ else ac_rwlock_try_write(&self.core, me):
        return True
    if deadline == 0 and not ac_waitlist_count(&self.core.row):
        return False  # (with waiters, they may be those of a fork's parent: the row is looked at)
    if ac_rwlock_is_writer(&self.core, me):
        if deadline == 0:
            return False
        raise RuntimeError(
            "this thread has the lock for writing and would wait for itself; downgrade() makes it a reader"
        )
    w = new_waiter(kind)
    ac_rwlock_enter(&self.core, w, forks)
    try:
        answer = wait_answer(&self.core.row, w, deadline)
    except BaseException:
        answer = ac_rwlock_leave(&self.core, w, forks)
        ac_waiter_free(w)
        if answer != 0:  # it was handed to us, and we cannot use it
            rw_release(self, kind)
        raise
    if answer == 0:
        answer = ac_rwlock_leave(&self.core, w, forks)
    ac_waiter_free(w)
    return answer != 0


cdef int rw_release(RWLock self, uint32_t kind) noexcept:
    if kind == AC_RW_READ:
        return ac_rwlock_release_read(&self.core, forks)
    return ac_rwlock_release_write(&self.core, this_thread(), forks)


@cython.final
@cython.freelist(8)
cdef class _Side:
    # What `read()` and `write()` return.
    cdef RWLock lock
    cdef uint32_t kind

    def __enter__(self):
        """Take the lock."""
        if self.lock is None:
            not_initialised(self)
        return rw_acquire(self.lock, self.kind, AC_FOREVER)

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the lock back."""
        if self.lock is None:
            not_initialised(self)
        if not rw_release(self.lock, self.kind):
            if self.kind == AC_RW_READ or not rw_release(self.lock, AC_RW_READ):
                raise RuntimeError("the lock was given back inside the with block")

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)


cdef _Side rw_side(RWLock lock, uint32_t kind):
    cdef _Side side = _Side.__new__(_Side)
    side.lock = lock
    side.kind = kind
    return side
