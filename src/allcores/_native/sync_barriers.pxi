# Barrier: a number of threads meet, again and again.

cdef class Barrier:
    """Barrier(parties, action=None, timeout=None)\n--\n
    Threads wait for each other until so many have come: `threading.Barrier`.

    Parameters
    ----------
    parties : int
        How many.
    action : callable or None
        Called without arguments by the last one to come, before all go on.
    timeout : float or None
        Default timeout of `wait`, in seconds.

    Raises
    ------
    ValueError
        `parties` is less than 1.

    Notes
    -----
    Thread-safe throughout. `abort` and `reset` may be called while the action runs, also by it: the round
    has then failed. A fork's child has its own copy in which nobody waits, but those who had come are
    still counted: `reset` it. Pickling is refused.

    Each waiter is told the outcome of its own round (csrc/sync/README.md), so that a round may begin
    while threads of the last one are on their way out.

    Examples
    --------
    >>> from allcores.threading import Barrier
    >>> Barrier(1).wait()
    0
    """

    cdef ac_barrier core
    cdef bint ready
    cdef object action, timeout
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self, parties, action=None, timeout=None):
        if parties < 1:
            raise ValueError("parties must be > 0")
        cdef uint64_t number = count_of(parties, "parties", 1, 0xFFFFFFFF)
        if self.ready:
            raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
        if timeout is not None:
            deadline_after(timeout)  # what is no number of seconds is refused here
        self.core.parties = number
        self.action = action
        self.timeout = timeout
        self.ready = True

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        if not self.ready:
            return described(self, "not initialised")
        if self.broken:
            return described(self, "broken")
        return described(self, f"waiters={self.n_waiting}/{self.parties}")

    def wait(self, timeout=None):
        """Wait until all have come.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: the barrier's own timeout.

        Returns
        -------
        int
            This thread's place in the round, from 0 to ``parties - 1``.

        Raises
        ------
        BrokenBarrierError
            The time is over, which breaks the barrier for all; or the barrier is broken, or was broken or
            reset while this thread waited.
        """
        cdef uint64_t index = 0
        cdef int64_t outcome
        if not self.ready:
            not_initialised(self)
        if timeout is None:
            timeout = self.timeout
        if timeout is not None:
            deadline_after(timeout)
        while True:
            outcome = barrier_round(self, timeout, &index)
            if outcome == AC_BARRIER_PASSED:
                return index
            if outcome == AC_BARRIER_FAILED:
                raise BrokenBarrierError

    def reset(self):
        """Begin anew: those who wait get `BrokenBarrierError`, and the barrier is whole."""
        if not self.ready:
            not_initialised(self)
        ac_barrier_turn(&self.core, AC_BARRIER_FILLING, forks)

    def abort(self):
        """Break the barrier: those who wait, and who come, get `BrokenBarrierError` until `reset`."""
        if not self.ready:
            not_initialised(self)
        ac_barrier_turn(&self.core, AC_BARRIER_BROKEN, forks)

    @property
    def parties(self):
        """How many must come."""
        if not self.ready:
            not_initialised(self)
        return self.core.parties

    @property
    def n_waiting(self):
        """How many have come and wait."""
        if not self.ready:
            not_initialised(self)
        return ac_barrier_waiting(&self.core)

    @property
    def broken(self):
        """Whether the barrier is broken."""
        if not self.ready:
            not_initialised(self)
        return ac_barrier_is_broken(&self.core)


cdef int64_t barrier_round(Barrier self, object timeout, uint64_t *index) except -1:
    # PASSED, FAILED or AGAIN.
    cdef ac_waiter *w = new_waiter(0)
    cdef uint64_t number = 0
    cdef int64_t outcome, deadline
    try:
        outcome = ac_barrier_arrive(
            &self.core, w, bool(self.action), index, &number, forks
        )
        if outcome == AC_BARRIER_ACT:
            return barrier_act(self, number)
        if outcome != AC_BARRIER_WAIT:
            return outcome
        # One that comes while the action runs waits for its end without a timeout, as for the lock of
        # the standard barrier.
        deadline = AC_FOREVER if w.kind == AC_BARRIER_LATE else deadline_after(timeout)
        try:
            outcome = wait_answer(&self.core.row, w, deadline)
            if outcome == 0:
                outcome = ac_barrier_leave(&self.core, w, True, forks)
                if outcome == AC_BARRIER_WAIT:
                    outcome = wait_answer(&self.core.row, w, AC_FOREVER)
        except BaseException:
            ac_barrier_leave(&self.core, w, False, forks)
            raise
        return outcome
    finally:
        ac_waiter_free(w)


cdef int64_t barrier_act(Barrier self, uint64_t number) except -1:
    try:
        self.action()
    except BaseException:
        ac_barrier_finish(&self.core, number, False, forks)
        raise
    return ac_barrier_finish(&self.core, number, True, forks)
