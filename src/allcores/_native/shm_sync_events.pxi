# Event between processes: one word (ac_shared_event).

@cython.no_gc_clear
cdef class Event(SharedObject):
    """Event(*, ctx=None)\n--\n
    A flag between processes to wait for: `multiprocessing.Event`.

    Parameters
    ----------
    ctx : BaseContext
        The context that it belongs to; not used.

    Notes
    -----
    A waiter that was there when `set` was called returns True, also if `clear` comes before it runs. One
    that dies is forgotten: nobody waits for it. It reaches children by inheritance or as an argument of a
    `Process`.

    One word, and a futex (csrc/shm/LOCKS.md).

    Examples
    --------
    >>> from allcores import multiprocessing as mp
    >>> e = mp.Event()
    >>> e.wait(0.01)
    False
    >>> e.set(); e.wait()
    True
    """

    cdef ac_shared_event *core
    cdef ac_spin spin

    def __init__(self, *, ctx=None):
        unused(self)
        self.adopt(new_block(False), None)

    cdef int adopt(self, Block block, object extra) except -1:
        self.core = <ac_shared_event *>block.at
        self.block = block
        return 0

    def __repr__(self):
        if self.block is None:
            return f"<{type(self).__qualname__} at {id(self):#x} not initialised>"
        state = "set" if ac_shared_event_is_set(self.core) else "unset"
        return f"<{type(self).__qualname__} at {id(self):#x} {state}>"

    def is_set(self):
        """Return whether the flag is up."""
        if self.core == NULL:
            checked(self)
        return ac_shared_event_is_set(self.core)

    def set(self):
        """Put the flag up; everybody who waits goes on."""
        checked(self)
        ac_shared_event_set(self.core)

    def clear(self):
        """Take the flag down; who calls `wait` from now on waits for the next `set`."""
        checked(self)
        ac_shared_event_clear(self.core)

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
        cdef int64_t deadline, until
        cdef ac_wait_status status
        cdef ac_slices slices = ac_slices(length_ns=0)
        cdef uint32_t first, key
        checked(self)
        first = ac_shared_event_look(self.core)
        if ac_shared_event_is_set(self.core):
            return True
        deadline = deadline_after(timeout)
        if deadline == 0:
            return False
        with nogil:
            ac_shared_event_spin(self.core, &self.spin, first, deadline)
        while True:
            key = ac_shared_event_prepare(self.core, first)
            if key == 0:
                return True
            if ac_now_ns() >= deadline:
                return False
            until = ac_slices_end(&slices, deadline)
            with nogil:
                status = ac_wait(&self.core.word, key, until, AC_WAIT_SHARED)
            slept_slice(&slices, status)
