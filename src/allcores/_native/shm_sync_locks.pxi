# Lock and RLock between processes: ac_shared_lock, and in each process which of its threads has it.

cdef entry slow_lock_acquire, slow_lock_exit, slow_rlock_acquire, slow_rlock_exit


@cython.auto_pickle(False)
@cython.no_gc_clear
cdef class SharedLock(SharedObject):
    """What Lock and RLock have in common."""

    cdef ac_shared_lock *core   # NULL until __init__
    cdef ac_atomic_u64 thread   # of this process, that took it last; 0: gave it back
    cdef ac_atomic_u64 depth    # written by the thread that has it
    cdef ac_atomic_u32 died
    cdef ac_spin spin

    cdef int adopt(self, Block block, object extra) except -1:
        self.core = <ac_shared_lock *>block.at
        self.block = block
        return 0

    @property
    def owner_died(self):
        """Whether the lock was taken, the last time here, from a process that died with it."""
        return load_u32(&self.died) != 0

    @property
    def owner_pid(self):
        """The process that has the lock, None if nobody has."""
        checked(self)
        cdef uint64_t word = ac_shared_lock_word(self.core)
        return ac_shared_id_pid(ac_shared_lock_owner(word)) if word != 0 else None

    def stats(self):
        """Return ``deaths``: how often the lock was taken from a process that died with it."""
        checked(self)
        return {"deaths": load_u32(&self.core.deaths)}

    def locked(self):
        """Return whether anybody has the lock."""
        checked(self)
        return ac_shared_lock_word(self.core) != 0

    # Names of the standard library's that programs, and conditions, use.

    @property
    def _semlock(self):
        return self

    def _is_mine(self):
        checked(self)
        return has_lock(self)

    def _count(self):
        checked(self)
        if ac_shared_lock_owner(ac_shared_lock_word(self.core)) != me():
            return 0
        return load_u64(&self.depth)

    def _is_zero(self):
        checked(self)
        return ac_shared_lock_word(self.core) != 0

    def _get_value(self):
        checked(self)
        return 0 if ac_shared_lock_word(self.core) != 0 else 1

    def _take(self):
        # Takes it without a warning; whether its owner had died.
        checked(self)
        cdef int how = lock_take(self, AC_FOREVER)
        lock_taken(self, how == 2)
        return how == 2

    def _release_all(self):
        # Gives it back from any depth; returns the depth.
        cdef uint64_t depth = load_u64(&self.depth)
        store_u64(&self.depth, 0)
        store_u64(&self.thread, 0)
        ac_shared_lock_release(self.core)
        return depth

    def _restore(self, depth):
        # Takes it back after a wait. What a signal handler raises, or a warning that is an error, is
        # raised when it has the lock: who waited leaves a `with` after it.
        cdef int how
        error = None
        while True:
            try:
                how = lock_take(self, AC_FOREVER)
                break
            except BaseException as raised:
                error = raised
        lock_taken(self, how == 2)
        store_u64(&self.depth, <uint64_t>depth)
        if how == 2:
            warn_of_death(self)
        if error is not None:
            raise error


cdef inline bint has_lock(SharedLock self) noexcept:
    return (
        load_u64(&self.thread) == this_thread()
        and ac_shared_lock_owner(ac_shared_lock_word(self.core)) == me()
    )


cdef inline void lock_taken(SharedLock self, bint died) noexcept:
    store_u64(&self.thread, this_thread())
    store_u64(&self.depth, 1)
    store_u32(&self.died, died)


cdef int warn_of_death(object self) except -1:
    warnings.warn(
        f"the process that had this {type(self).__name__} has died; what it protects may be half changed",
        OwnerDiedWarning,
        stacklevel=1,
    )
    return 0


cdef int lock_take(SharedLock self, int64_t deadline) except -1:
    # 0: not in time; 1: taken; 2: taken from the dead.
    cdef ac_shared_lock *core = self.core
    cdef uint64_t word
    cdef int64_t until, look_at = 0
    cdef ac_wait_status status
    cdef ac_slices slices = ac_slices(length_ns=0)
    cdef bint thorough = False, slept = False
    if ac_shared_lock_try(core, me()):
        return 1
    if deadline == 0:
        word = ac_shared_lock_word(core)
        if word == 0:
            return ac_shared_lock_try(core, me())
        if ac_shared_lock_owner(word) == me() or not ac_shared_id_dead(ac_shared_lock_owner(word), True):
            return 0
        return 2 if ac_shared_lock_inherit(core, word, me()) else 0
    with nogil:
        ac_shared_lock_spin(core, &self.spin, deadline)
    try:
        while True:
            word = ac_shared_lock_prepare(core, me())
            slept = False
            if word == 0:
                return 1
            if ac_now_ns() >= look_at:
                # At first the cheap question; a process id that was given on is noticed by the second.
                if ac_shared_lock_owner(word) != me() and ac_shared_id_dead(
                    ac_shared_lock_owner(word), thorough
                ):
                    if ac_shared_lock_inherit(core, word, me()):
                        return 2
                    continue
                look_at = ac_now_ns() + (LOOK_NS if thorough else FIRST_LOOK_NS)
                thorough = True
            if ac_now_ns() >= deadline:
                return 0
            until = ac_slices_end(&slices, deadline)
            slept = True
            with nogil:
                status = ac_shared_lock_sleep(core, word, until)
            slept_slice(&slices, status)
    except BaseException:
        if slept:
            ac_shared_lock_pass(core)  # a wake that chose us goes to another
        raise


cdef bint lock_acquire(SharedLock self, int64_t deadline) except -1:
    cdef int how = lock_take(self, deadline)
    if how == 0:
        return False
    lock_taken(self, how == 2)
    if how == 2:
        try:
            warn_of_death(self)
        except BaseException:
            store_u64(&self.depth, 0)
            store_u64(&self.thread, 0)
            ac_shared_lock_release(self.core)
            raise
    return True


cdef inline bint lock_release(SharedLock self) except -1:
    store_u64(&self.depth, 0)
    store_u64(&self.thread, 0)  # before somebody else of this process can write it
    if not ac_shared_lock_release(self.core):
        raise ValueError("semaphore or lock released too many times")
    return True


cdef class Lock(SharedLock):
    """Lock(*, ctx=None)\n--\n
    A lock between processes: `multiprocessing.Lock`, which the death of its owner does not keep locked.

    Parameters
    ----------
    ctx : BaseContext
        The context that it belongs to; not used.

    Attributes
    ----------
    owner_died : bool
        Whether the lock was taken, the last time in this process, from a process that died with it.
    owner_pid : int or None
        The process that has it.

    Raises
    ------
    OwnerDiedWarning
        `acquire` and ``with`` issue it when they take the lock from a dead process. Where warnings are
        errors they raise it, and the lock is free.

    Notes
    -----
    Any thread of any process may release it; a thread that ends with it keeps it. A process that ends in
    whatever way, or is killed, loses it to the next who asks, at once or within a second of its end where
    that one sleeps already. A stopped process is not dead. It reaches children by inheritance or as an
    argument of a `Process`; a fork's child does not have it, if the parent had. After an ``exec`` the
    process is still the same, and still has it.

    One word that holds the owner, and a futex (csrc/shm/LOCKS.md).

    Examples
    --------
    >>> from allcores import multiprocessing as mp
    >>> lock = mp.Lock()
    >>> with lock:
    ...     lock.acquire(block=False)
    False
    """

    def __init__(self, *, ctx=None):
        unused(self)
        self.adopt(new_block(False), None)

    def __repr__(self):
        if self.block is None:
            return f"<{type(self).__name__}(not initialised)>"
        cdef uint64_t word = ac_shared_lock_word(self.core)
        text = owner_text(has_lock(self), word == 0, ac_shared_lock_owner(word) == me())
        return f"<{type(self).__name__}(owner={text})>"

    def acquire(self, block=True, timeout=None):
        """Take the lock; wait for it if need be.

        Parameters
        ----------
        block : bool, default True
            Whether to wait.
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: not at all.

        Returns
        -------
        bool
            Whether it was taken.
        """
        checked(self)
        return lock_acquire(self, deadline_after(timeout) if block else 0)

    def release(self):
        """Give the lock back, whoever has it.

        Raises
        ------
        ValueError
            Nobody has it.
        """
        if self.core == NULL:
            checked(self)
        lock_release(self)

    def __enter__(self):
        """Take the lock, as `acquire()`."""
        if self.core == NULL:
            checked(self)
        if ac_shared_lock_try(self.core, me()):
            lock_taken(self, False)
            return True
        return lock_acquire(self, AC_FOREVER)

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the lock back."""
        checked(self)
        lock_release(self)


cdef object fast_lock_acquire(Lock self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 0 and kwnames == NULL and self.core != NULL and ac_shared_lock_try(self.core, me()):
        lock_taken(self, False)
        return True
    return slow_lock_acquire(self, args, nargs, kwnames)


cdef object fast_lock_exit(Lock self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if self.core != NULL and kwnames == NULL:
        lock_release(self)
        return None
    return slow_lock_exit(self, args, nargs, kwnames)


cdef class RLock(SharedLock):
    """RLock(*, ctx=None)\n--\n
    A lock between processes that its holder may take again: `multiprocessing.RLock`.

    Parameters
    ----------
    ctx : BaseContext
        The context that it belongs to; not used.

    Notes
    -----
    As `Lock`, but it belongs to one thread of one process, which gives it back as often as it has taken
    it; ``AssertionError`` where another does.
    """

    def __init__(self, *, ctx=None):
        unused(self)
        self.adopt(new_block(False), None)

    def __repr__(self):
        if self.block is None:
            return f"<{type(self).__name__}(not initialised)>"
        cdef uint64_t word = ac_shared_lock_word(self.core)
        cdef bint mine = has_lock(self)
        text = owner_text(mine, word == 0, ac_shared_lock_owner(word) == me())
        count = load_u64(&self.depth) if mine else 0 if word == 0 else "nonzero"
        return f"<{type(self).__name__}({text}, {count})>"

    def acquire(self, block=True, timeout=None):
        """Take the lock, once more if this thread has it; else as `Lock.acquire`."""
        checked(self)
        if has_lock(self):
            store_u64(&self.depth, load_u64(&self.depth) + 1)
            return True
        return lock_acquire(self, deadline_after(timeout) if block else 0)

    def release(self):
        """Give the lock back once.

        Raises
        ------
        AssertionError
            This thread does not have it.
        """
        if self.core == NULL:
            checked(self)
        rlock_release(self)

    def __enter__(self):
        """Take the lock, as `acquire()`."""
        if self.core == NULL:
            checked(self)
        return rlock_enter(self)

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the lock back once."""
        checked(self)
        rlock_release(self)


cdef inline bint rlock_enter(RLock self) except -1:
    if ac_shared_lock_try(self.core, me()):
        lock_taken(self, False)
        return True
    if has_lock(self):
        store_u64(&self.depth, load_u64(&self.depth) + 1)
        return True
    return lock_acquire(self, AC_FOREVER)


cdef inline int rlock_release(RLock self) except -1:
    cdef uint64_t depth
    if not has_lock(self):
        raise AssertionError("attempt to release recursive lock not owned by thread")
    depth = load_u64(&self.depth)
    if depth > 1:
        store_u64(&self.depth, depth - 1)
    else:
        lock_release(self)
    return 0


cdef object fast_rlock_acquire(RLock self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 0 and kwnames == NULL and self.core != NULL:
        return rlock_enter(self)
    return slow_rlock_acquire(self, args, nargs, kwnames)


cdef object fast_rlock_exit(RLock self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if self.core != NULL and kwnames == NULL:
        rlock_release(self)
        return None
    return slow_rlock_exit(self, args, nargs, kwnames)
