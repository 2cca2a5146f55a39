# How everything that waits inside one process waits: a timeout becomes a deadline once, and one function
# sleeps. Included by the modules whose classes wait on an event count (queues.pyx, sync.pyx). They import
# from c_queues.pxd or c_sync.pxd: ac_deadline_after ac_now_ns ac_ec_wait AC_FOREVER AC_NS_PER_MS
# AC_WAIT_PRIVATE AC_WAIT_INTERRUPTED AC_WAIT_TIMEOUT ac_slices ac_slices_end ac_slices_slept.

from cpython.exc cimport PyErr_CheckSignals

from allcores._native.runtime cimport runtime_in_main_thread

# -- deadlines ------------------------------------------------------------------------------------

cdef double seconds_of(object timeout) except? -1.0:
    try:
        return timeout
    except TypeError:
        raise TypeError(
            f"timeout must be a number of seconds or None, not {type(timeout).__name__}"
        ) from None


cdef int64_t deadline_of(object block, object timeout) except -1:
    # 0: do not wait. The rules, and the message, of queue.Queue.
    cdef double seconds
    if not block:
        return 0
    if timeout is None:
        return AC_FOREVER
    seconds = seconds_of(timeout)
    if seconds < 0:
        raise ValueError("'timeout' must be a non-negative number")
    if seconds != seconds:
        raise ValueError("'timeout' must be a number of seconds, not NaN")
    if seconds >= 9e9:  # 285 years, the end of the clock
        return AC_FOREVER
    return ac_deadline_after(<int64_t>(seconds * 1e9))


# -- one loop to sleep, for all who wait ----------------------------------------------------------

cdef int sleep_on(ac_event_count *ec, uint32_t key, int64_t deadline, ac_slices *slices) except -1:
    # Sleeps until something may have changed, the deadline, or a slice is over; raises what a
    # signal handler raises. The main thread alone has to look for signals. Ctrl-C must act within 100 ms.
    cdef int64_t until = deadline
    cdef ac_wait_status status
    cdef bint main = runtime_in_main_thread()
    if main:
        until = ac_slices_end(slices, deadline)
    with nogil:
        status = ac_ec_wait(ec, key, until, AC_WAIT_PRIVATE)
    if main:
        ac_slices_slept(slices, status == AC_WAIT_TIMEOUT)
        if status == AC_WAIT_INTERRUPTED or status == AC_WAIT_TIMEOUT:
            return PyErr_CheckSignals()
    return 0
