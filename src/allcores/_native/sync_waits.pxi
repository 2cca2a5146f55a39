# How the classes of sync.pyx wait: timeouts as the standard module has them, one loop for a word, one for a
# place in a row.

cdef inline uint64_t this_thread() noexcept:
    return PyThread_get_thread_ident()


# -- timeouts --------------------------------------------------------------------------------------

cdef int64_t deadline_after(object timeout) except -1:
    # None: for ever. Zero, negative and NaN: 0, do not wait. As Condition.wait of the standard module.
    cdef double seconds
    if timeout is None:
        return AC_FOREVER
    seconds = seconds_of(timeout)
    if not seconds > 0:
        return 0
    if seconds >= 9e9:  # 285 years, the end of the clock
        return AC_FOREVER
    return ac_deadline_after(<int64_t>(seconds * 1e9))


cdef int64_t lock_deadline(object blocking, object timeout) except -1:
    # The rules, and the messages, of Lock.acquire(blocking=True, timeout=-1).
    cdef double seconds
    if timeout is None:
        raise TypeError("timeout must be a number of seconds, -1 for no limit, not None")
    seconds = seconds_of(timeout)
    if not blocking:
        if seconds != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        return 0
    if seconds == -1:
        return AC_FOREVER
    if seconds > TIMEOUT_MAX:
        raise OverflowError(f"timeout value {timeout!r} is too large: at most threading.TIMEOUT_MAX")
    return deadline_of(True, timeout)  # refuses what is negative or NaN


# -- sleeping --------------------------------------------------------------------------------------

cdef inline int sleep_word(ac_atomic_u32 *word, uint32_t value, int64_t deadline,
                           ac_slices *slices) except -1:
    # sleep_on of waits.pxi for a bare word: an event count is a struct of one word, and ac_ec_wait sleeps
    # while that word has the given value.
    return sleep_on(<ac_event_count *>word, value, deadline, slices)


cdef ac_waiter *new_waiter(uint32_t kind) except NULL:
    cdef ac_waiter *w = ac_waiter_new(kind, this_thread())
    if w == NULL:
        raise MemoryError("no memory to wait with; nothing was changed")
    return w


cdef int64_t wait_answer(ac_waitlist *row, ac_waiter *w, int64_t deadline) except -1:
    # The answer that w was given; 0 at the deadline (w is then still in the row). Raises what a signal
    # handler raises.
    cdef uint32_t answer
    cdef int64_t left
    cdef ac_slices slices = ac_slices(length_ns=0)
    if deadline != 0:
        with nogil:
            left = ac_waiter_spin(row, w, deadline)
        ac_spin_attached(&row.spin, left)
    while True:
        answer = ac_waiter_prepare(w)
        if answer != 0:
            return answer
        if w.generation != forks:
            # A signal handler forked, and this is the child: the row was the parent's.
            ac_waitlist_enter(row, w, forks)
        if ac_now_ns() >= deadline:
            return 0
        sleep_word(&w.word, AC_WAITER_ASLEEP, deadline, &slices)


# -- what all classes say --------------------------------------------------------------------------

cdef int not_initialised(object self) except -1:
    raise RuntimeError(
        f"{type(self).__name__}.__init__ was not called; a subclass that has its own "
        "must call super().__init__()"
    )


cdef object refuse_pickle(object self):
    raise TypeError(
        f"cannot pickle a {type(self).__name__}: it belongs to the threads of one process. "
        "Between processes use allcores.multiprocessing"
    )


cdef str described(object self, str state):
    # As the standard module's: <threading.Event at 0x...: set>; a subclass by its full name.
    cls = type(self)
    module = cls.__module__
    if module == __name__:
        module = "threading"
    return f"<{module}.{cls.__qualname__} at {id(self):#x}: {state}>"


cdef int deprecated(str old, str new) except -1:
    warnings.warn(f"{old}() is deprecated, use {new}() instead", DeprecationWarning, stacklevel=1)
    return 0


cdef uint64_t count_of(object value, str name, uint64_t least, uint64_t most) except? 0xFFFFFFFFFFFFFFFF:
    # An int from `least` to `most`.
    if not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = value.__index__()
    if number < least:
        raise ValueError(f"{name} must be >= {least}, not {number}")
    if number > most:
        raise OverflowError(f"{name} must be at most {most}, not {number}")
    return number
