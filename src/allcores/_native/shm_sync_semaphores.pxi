# Semaphore and BoundedSemaphore between processes: a number (ac_shared_sem), or permits that have owners
# (ac_shared_permits).

cdef entry slow_sem_acquire, slow_sem_exit

cdef enum:
    OWNED_MAX = 8184         # (ROW_BYTES - 64) / 8


@cython.no_gc_clear
cdef class Semaphore(SharedObject):
    """Semaphore(value=1, *, owned=False, ctx=None)\n--\n
    A number of permits between processes: `multiprocessing.Semaphore`.

    Parameters
    ----------
    value : int, default 1
        Permits at the start, at most 2**31 - 1; of an owned one at most 8184.
    owned : bool, default False
        Remember which process has which permit. Those of a process that has ended, in whatever way, come
        back; only a process that has one can give one back, and there are never more than `value`.
    ctx : BaseContext
        The context that it belongs to; not used.

    Raises
    ------
    ValueError
        `value` is negative or too large.

    Notes
    -----
    A semaphore that is not owned has no idea who took a permit: a process that is killed with one keeps it,
    as in the standard library. Any thread of any process may take and give back. In which order waiters
    get permits is not fixed. A wait that ends by a timeout or an exception takes no permit and loses no
    wake. It reaches children by inheritance or as an argument of a `Process`.

    One word, or one word for each permit, and a futex (csrc/shm/LOCKS.md).

    Examples
    --------
    >>> from allcores import multiprocessing as mp
    >>> s = mp.Semaphore(2, owned=True)
    >>> with s:
    ...     s.get_value()
    1
    """

    cdef ac_shared_sem *core            # NULL until __init__, and of an owned one
    cdef ac_shared_permits *permits     # NULL if it is not owned
    cdef ac_spin spin

    def __init__(self, value=1, *, owned=False, ctx=None):
        semaphore_begin(self, value, owned, False)

    cdef int adopt(self, Block block, object extra) except -1:
        if extra:
            self.permits = <ac_shared_permits *>block.at
        else:
            self.core = <ac_shared_sem *>block.at
        self.block = block
        return 0

    cdef object extra(self):
        return self.permits != NULL

    def __repr__(self):
        if self.block is None:
            return f"<{type(self).__name__}(not initialised)>"
        return f"<{type(self).__name__}(value={self.get_value()})>"

    def get_value(self):
        """Return how many permits there are."""
        checked(self)
        if self.permits != NULL:
            return ac_shared_permits_free(self.permits)
        return ac_shared_sem_value(self.core)

    def locked(self):
        """Return whether there is no permit."""
        return self.get_value() == 0

    @property
    def owned(self):
        """Whether permits have owners."""
        checked(self)
        return self.permits != NULL

    def acquire(self, block=True, timeout=None):
        """Take a permit; wait for one if need be.

        Parameters
        ----------
        block : bool, default True
            Whether to wait.
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: not at all.

        Returns
        -------
        bool
            Whether a permit was taken.
        """
        checked(self)
        return semaphore_acquire(self, deadline_after(timeout) if block else 0)

    def release(self):
        """Give a permit back, or add one.

        Raises
        ------
        ValueError
            There would be more than there may be; of an owned one: this process has none.
        """
        if self.core == NULL:
            checked(self)
        semaphore_release(self)

    def __enter__(self):
        """Take a permit, as `acquire()`."""
        if self.core != NULL and ac_shared_sem_try(self.core):
            return True
        checked(self)
        return semaphore_acquire(self, AC_FOREVER)

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the permit back."""
        checked(self)
        semaphore_release(self)

    # Names of the standard library's that programs use.

    @property
    def _semlock(self):
        return self

    def _get_value(self):
        return self.get_value()

    def _is_zero(self):
        return self.get_value() == 0

    @property
    def maxvalue(self):
        """Most permits that there may be."""
        checked(self)
        return self.permits.count if self.permits != NULL else self.core.limit


@cython.no_gc_clear
cdef class BoundedSemaphore(Semaphore):
    """BoundedSemaphore(value=1, *, owned=False, ctx=None)\n--\n
    A semaphore that notices one `release` too many: `multiprocessing.BoundedSemaphore`.

    Parameters
    ----------
    value : int, default 1
        Permits at the start, and most that there may be.
    owned, ctx
        As of `Semaphore`.
    """

    def __init__(self, value=1, *, owned=False, ctx=None):
        semaphore_begin(self, value, owned, True)

    def __repr__(self):
        if self.block is None:
            return f"<{type(self).__name__}(not initialised)>"
        return f"<{type(self).__name__}(value={self.get_value()}, maxvalue={self.maxvalue})>"


cdef int semaphore_begin(Semaphore self, object value, bint owned, bint bounded) except -1:
    cdef Block block
    cdef ac_shared_permits *permits
    unused(self)
    if not hasattr(value, "__index__"):
        raise TypeError(f"value must be an int, not {type(value).__name__}")
    number = value.__index__()
    most = OWNED_MAX if owned else AC_SHARED_SEM_MAX
    if not 0 <= number <= most:
        raise ValueError(f"value must be from 0 to {most}, not {number}")
    block = new_block(owned)
    if owned:
        if 64 + 8 * number > PAGE_BYTES:
            err = ac_shm_region_back(&block.slab.region, block.number * ROW_BYTES, 64 + 8 * number)
            if err != 0:
                raise_memory(err, "cannot give a semaphore its memory")
            block.mine = False  # only its first page would be cleared
        permits = <ac_shared_permits *>block.at
        permits.count = number
    else:
        ac_shared_sem_init(<ac_shared_sem *>block.at, number, number if bounded else AC_SHARED_SEM_MAX)
    return self.adopt(block, owned)


cdef bint permits_take(Semaphore self, int64_t deadline) except -1:
    cdef ac_shared_permits *core = self.permits
    cdef uint32_t key
    cdef int64_t until, look_at = 0
    cdef ac_wait_status status
    cdef ac_slices slices = ac_slices(length_ns=0)
    cdef bint thorough = False, slept = False, taken = False
    try:
        while True:
            key = ac_ec_prepare(&core.freed) if deadline != 0 else 0
            taken = ac_shared_permits_take(core, me())
            if taken:
                break
            if deadline == 0 or ac_now_ns() >= look_at:
                if ac_shared_permits_reap(core, me(), thorough or deadline == 0) > 0:
                    continue
                if deadline == 0:
                    break
                look_at = ac_now_ns() + (LOOK_NS if thorough else FIRST_LOOK_NS)
                thorough = True
            if ac_now_ns() >= deadline:
                break
            until = ac_slices_end(&slices, deadline)
            slept = True
            with nogil:
                status = ac_wait(&core.freed.word, key, until, AC_WAIT_SHARED)
            slept_slice(&slices, status)
    finally:
        if slept:
            ac_ec_notify_one(&core.freed, AC_WAIT_SHARED)  # the baton
    return taken


cdef bint semaphore_acquire(Semaphore self, int64_t deadline) except -1:
    cdef ac_shared_sem *core = self.core
    cdef int64_t until
    cdef ac_wait_status status
    cdef ac_slices slices = ac_slices(length_ns=0)
    cdef bint slept = False
    if core == NULL:
        if ac_shared_permits_take(self.permits, me()):
            return True
        return permits_take(self, deadline)
    if ac_shared_sem_try(core):
        return True
    if deadline == 0:
        return False
    with nogil:
        ac_shared_sem_spin(core, &self.spin, deadline)
    if ac_shared_sem_try(core):
        return True
    try:
        while True:
            slept = False
            if ac_shared_sem_prepare(core):
                return True
            if ac_now_ns() >= deadline:
                return False
            until = ac_slices_end(&slices, deadline)
            slept = True
            with nogil:
                status = ac_shared_sem_sleep(core, until)
            slept_slice(&slices, status)
    except BaseException:
        if slept:
            ac_shared_sem_pass(core)  # a wake that chose us goes to another
        raise


cdef inline int semaphore_release(Semaphore self) except -1:
    if self.core != NULL:
        if ac_shared_sem_release(self.core) != AC_OK:
            raise ValueError("semaphore or lock released too many times")
    elif not ac_shared_permits_give(self.permits, me()):
        raise ValueError("semaphore or lock released too many times: this process has no permit of it")
    return 0


cdef object fast_sem_acquire(Semaphore self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 0 and kwnames == NULL and self.core != NULL and ac_shared_sem_try(self.core):
        return True
    return slow_sem_acquire(self, args, nargs, kwnames)


cdef object fast_sem_exit(Semaphore self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if self.core != NULL and kwnames == NULL:
        semaphore_release(self)
        return None
    return slow_sem_exit(self, args, nargs, kwnames)
