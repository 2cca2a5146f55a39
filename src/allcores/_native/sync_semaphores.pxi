# Semaphore and BoundedSemaphore: one structure, with and without a limit.

cdef entry slow_sem_acquire, slow_sem_release, slow_sem_exit


cdef bint semaphore_wait(ac_semaphore *core, int64_t deadline) except -1:
    # After a first try that found no permit. False at the deadline.
    cdef uint32_t key
    cdef bint slept = False, taken
    cdef int64_t left
    cdef ac_slices slices = ac_slices(length_ns=0)
    if deadline != 0:
        with nogil:
            left = ac_semaphore_spin(core, deadline)
        ac_spin_attached(&core.spin, left)
    while True:
        key = ac_ec_prepare(&core.freed)
        taken = ac_semaphore_try_acquire(core)
        if taken or ac_now_ns() >= deadline:
            break
        slept = True
        try:
            sleep_on(&core.freed, key, deadline, &slices)
        except BaseException:
            ac_semaphore_pass(core)  # a wake that chose us goes to another
            raise
    if slept:
        ac_semaphore_pass(core)
    return taken


cdef class Semaphore:
    """Semaphore(value=1)\n--\n
    A number of permits: `threading.Semaphore`.

    Parameters
    ----------
    value : int, default 1
        Permits at the start, at most 2**62.

    Raises
    ------
    ValueError
        `value` is negative.

    Notes
    -----
    Thread-safe throughout; `release` may be called from ``__del__`` and from a signal handler. In
    which order waiters get permits is not fixed, and a thread that comes at that moment may take one before
    them. A wait that ends by a timeout or an exception takes no permit and loses no wake. A fork's child has its
    own copy with the permits of that moment, and nobody waits in it; pickling is refused.

    A count and an event count (csrc/sync/README.md): both calls are constant time.

    Examples
    --------
    >>> from allcores.threading import Semaphore
    >>> s = Semaphore(2)
    >>> with s:
    ...     s.acquire(), s.acquire(blocking=False)
    (True, False)
    """

    cdef ac_semaphore core
    cdef bint ready
    cdef uint64_t initial
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)  # all zero: no permit, and room for none, until __init__

    def __init__(self, value=1):
        semaphore_begin(self, value, False)

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        if not self.ready:
            return described(self, "not initialised")
        return described(self, f"value={ac_semaphore_value(&self.core)}")

    def acquire(self, blocking=True, timeout=None):
        """Take a permit; wait for one if need be.

        Parameters
        ----------
        blocking : bool, default True
            Whether to wait.
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: not at all.

        Returns
        -------
        bool
            Whether a permit was taken.

        Raises
        ------
        ValueError
            A timeout was given with ``blocking=False``.
        """
        cdef int64_t deadline
        if not self.ready:
            not_initialised(self)
        if not blocking:
            if timeout is not None:
                raise ValueError("can't specify timeout for non-blocking acquire")
            return ac_semaphore_try_acquire(&self.core)
        deadline = deadline_after(timeout)
        if ac_semaphore_try_acquire(&self.core):
            return True
        return semaphore_wait(&self.core, deadline)

    def release(self, n=1):
        """Give permits back, or add new ones, and wake as many who wait.

        Parameters
        ----------
        n : int, default 1
            How many.

        Raises
        ------
        ValueError
            `n` is less than 1; a `BoundedSemaphore` would have more than at the start. Nothing was
            changed.
        OverflowError
            There would be more than 2**62.
        """
        if not self.ready:
            not_initialised(self)
        if n < 1:
            raise ValueError("n must be one or more")
        if (
            n > AC_SEMAPHORE_MAX
            or ac_semaphore_release(&self.core, count_of(n, "n", 1, AC_SEMAPHORE_MAX)) != AC_OK
        ):
            semaphore_full(self, n)

    def __enter__(self):
        """Take a permit, as `acquire()`."""
        if ac_semaphore_try_acquire(&self.core):
            return True
        if not self.ready:
            not_initialised(self)
        return semaphore_wait(&self.core, AC_FOREVER)

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the permit back, by `release()`."""
        self.release()

    @property
    def _value(self):
        # A name of the standard class that programs read.
        return ac_semaphore_value(&self.core)


cdef class BoundedSemaphore(Semaphore):
    """BoundedSemaphore(value=1)\n--\n
    A semaphore that notices one `release` too many: `threading.BoundedSemaphore`.

    Parameters
    ----------
    value : int, default 1
        Permits at the start, and most that there may be.

    Notes
    -----
    As `Semaphore`, but a `release` that would bring it above its first value raises ``ValueError``.
    """

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self, value=1):
        semaphore_begin(self, value, True)

    def __repr__(self):
        if not self.ready:
            return described(self, "not initialised")
        return described(self, f"value={ac_semaphore_value(&self.core)}/{self.initial}")

    @property
    def _initial_value(self):
        # A name of the standard class that programs read.
        return self.initial


cdef int semaphore_begin(Semaphore self, object value, bint bounded) except -1:
    cdef uint64_t number
    if value < 0:
        raise ValueError("semaphore initial value must be >= 0")
    number = count_of(value, "value", 0, AC_SEMAPHORE_MAX)
    self.initial = number
    ac_semaphore_init(&self.core, number, number if bounded else AC_SEMAPHORE_MAX)
    self.ready = True
    return 0


cdef int semaphore_full(Semaphore self, object n) except -1:
    if isinstance(self, BoundedSemaphore):
        raise ValueError("Semaphore released too many times")
    raise OverflowError(f"release({n}) would bring the semaphore above {AC_SEMAPHORE_MAX} permits")


# -- entries without argument parsing --------------------------------------------------------------

cdef object fast_sem_acquire(Semaphore self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 0 and kwnames == NULL and ac_semaphore_try_acquire(&self.core):
        return True
    return slow_sem_acquire(self, args, nargs, kwnames)


cdef object fast_sem_release(Semaphore self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 0 and kwnames == NULL and ac_semaphore_release(&self.core, 1) == AC_OK:
        return None
    return slow_sem_release(self, args, nargs, kwnames)


cdef object fast_sem_exit(Semaphore self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    # A subclass may have a release of its own: it goes by name, as in the standard class.
    if (
        (type(self) is Semaphore or type(self) is BoundedSemaphore)
        and nargs == 3
        and kwnames == NULL
        and ac_semaphore_release(&self.core, 1) == AC_OK
    ):
        return None
    return slow_sem_exit(self, args, nargs, kwnames)
