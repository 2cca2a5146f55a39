# ReentrantLock: the lock that a Condition has when it is given none.

cdef bint relock_acquire(ac_relock *core, int64_t deadline) except -1:
    cdef uint64_t me = this_thread()
    cdef bint slept = False
    cdef int64_t left
    cdef ac_slices slices = ac_slices(length_ns=0)
    if ac_relock_try(core, me):
        return True
    if deadline == 0:
        return False
    with nogil:
        left = ac_relock_spin(core, deadline)
    ac_spin_attached(&core.spin, left)
    if ac_relock_try(core, me):
        return True
    while not ac_relock_prepare(core, me):
        if ac_now_ns() >= deadline:
            if slept:
                ac_relock_pass(core)  # a wake that chose us goes to another
            return False
        slept = True
        try:
            sleep_word(&core.word, AC_RELOCK_CONTENDED, deadline, &slices)
        except BaseException:
            ac_relock_pass(core)
            raise
    return True


cdef void relock_restore(ac_relock *core, uint64_t depth) noexcept:
    # Takes the lock back after a wait. Nothing can end it but the lock, as in the standard module: who
    # leaves the wait must have it.
    cdef uint64_t me = this_thread()
    cdef int64_t left
    if not ac_relock_try(core, me):
        with nogil:
            left = ac_relock_spin(core, AC_FOREVER)
        ac_spin_attached(&core.spin, left)
        if not ac_relock_try(core, me):
            while not ac_relock_prepare(core, me):
                with nogil:
                    ac_wait(&core.word, AC_RELOCK_CONTENDED, AC_FOREVER, AC_WAIT_PRIVATE)
    ac_relock_restore(core, depth)


@cython.final
cdef class ReentrantLock:
    """ReentrantLock()\n--\n
    The default lock of `Condition`: its methods are those of `threading.RLock`."""

    cdef ac_relock core
    cdef object __weakref__

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        cdef uint64_t owner = ac_relock_owner(&self.core)
        return (
            f"<{'locked' if owner else 'unlocked'} allcores.threading.ReentrantLock object "
            f"owner={owner} count={ac_relock_depth(&self.core)} at {id(self):#x}>"
        )

    def acquire(self, blocking=True, timeout=-1):
        """Take the lock, once more if this thread has it; as `threading.RLock.acquire`."""
        return relock_acquire(&self.core, lock_deadline(blocking, timeout))

    def release(self):
        """Give the lock back once; as `threading.RLock.release`."""
        if not ac_relock_is_owned(&self.core, this_thread()):
            raise RuntimeError("cannot release un-acquired lock")
        ac_relock_unlock(&self.core)

    def locked(self):
        """Return whether any thread has the lock."""
        return ac_relock_owner(&self.core) != 0

    def __enter__(self):
        """Take the lock."""
        return relock_acquire(&self.core, AC_FOREVER)

    def __exit__(self, exc_type=None, exc=None, tb=None):
        """Give the lock back."""
        self.release()

    def _is_owned(self):
        return ac_relock_is_owned(&self.core, this_thread())

    def _recursion_count(self):
        if ac_relock_is_owned(&self.core, this_thread()):
            return ac_relock_depth(&self.core)
        return 0

    def _release_save(self):
        if not ac_relock_is_owned(&self.core, this_thread()):
            raise RuntimeError("cannot release un-acquired lock")
        return ac_relock_save(&self.core)

    def _acquire_restore(self, state):
        relock_restore(&self.core, state)

    def _at_fork_reinit(self):
        ac_relock_reset(&self.core)
