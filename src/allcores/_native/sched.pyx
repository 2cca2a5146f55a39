"""Loops of parallel.for_range: addresses in, a result out. Checked above, in allcores.parallel."""

from cpython.buffer cimport PyBUF_ANY_CONTIGUOUS, PyBuffer_Release, PyObject_GetBuffer
from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer
from libc.stdint cimport INT64_MAX, int64_t, uintptr_t
from libc.string cimport memset

from allcores._native.c_sched cimport (
    AC_DYNAMIC, AC_FOREVER, AC_GUIDED, AC_RANGE_FAILED, AC_STATIC, AC_STOPPED_BY_POLL, AC_VERSION,
    ac_exec, ac_now_ns, ac_range, ac_range_fn, ac_range_run, ac_schedule,
)
from allcores._native.runtime cimport runtime_exec, runtime_raise

from allcores._common.version import check_compiled

check_compiled(__name__, AC_VERSION.decode())


cdef class HeldBuffer:
    """Holds the export of a buffer, so that nobody resizes or frees it, until released."""

    cdef Py_buffer view
    cdef bint held
    cdef readonly object address

    def __cinit__(self, *args, **kwargs):
        self.held = False

    def __init__(self, buffer):
        if self.held:
            raise RuntimeError("this HeldBuffer holds a buffer already; make a new one")
        PyObject_GetBuffer(buffer, &self.view, PyBUF_ANY_CONTIGUOUS)
        self.held = True
        self.address = <uintptr_t>self.view.buf

    def release(self):
        """Let go of the buffer. Harmless when done before."""
        if self.held:
            self.held = False
            PyBuffer_Release(&self.view)

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)


def capsule_name(capsule):
    """Return the name of a PyCapsule, or None if it has none."""
    cdef const char *name = PyCapsule_GetName(capsule)
    return None if name == NULL else name.decode("utf-8", "replace")


def capsule_address(capsule):
    """Return the address that a PyCapsule holds, whatever its name."""
    return <uintptr_t>PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule))


cdef struct watch:
    int64_t deadline_ns
    bint late
    int (*signals)(void *arg) noexcept nogil  # NULL: another thread runs the handlers
    void *signals_arg


cdef int poll_range(void *arg) noexcept nogil:
    cdef watch *w = <watch *>arg
    if w.deadline_ns != AC_FOREVER and ac_now_ns() >= w.deadline_ns:
        w.late = True
        return 1
    if w.signals != NULL:
        return w.signals(w.signals_arg)
    return 0


cdef int64_t deadline_of(deadline) except -1:
    # Seconds of time.monotonic() to nanoseconds of the same clock.
    cdef double seconds
    if deadline is None:
        return AC_FOREVER
    seconds = deadline
    if seconds != seconds:
        raise ValueError("deadline must be a number of time.monotonic(), not nan")
    if seconds >= 9e9:
        return AC_FOREVER
    return 0 if seconds <= 0 else <int64_t>(seconds * 1e9)


def run_range(fn, ctx, n, threads, schedule, grain, deadline):
    """Run a function at an address over a range; see allcores.parallel.for_range.

    Returns
    -------
    tuple of int or None
        What the function returned if not 0, and the chunk.
    """
    cdef ac_exec ex
    cdef ac_range loop
    cdef watch w
    cdef int64_t count = n, size
    cdef ac_schedule how
    cdef int rc
    runtime_exec(&ex, threads)
    memset(&loop, 0, sizeof(loop))
    loop.fn = <ac_range_fn><uintptr_t>fn
    loop.ctx = <void *><uintptr_t>ctx
    w.deadline_ns = deadline_of(deadline)
    w.late = False
    w.signals = ex.poll
    w.signals_arg = ex.poll_arg
    if w.signals != NULL or w.deadline_ns != AC_FOREVER:
        ex.poll = poll_range
        ex.poll_arg = &w
    if schedule == "guided":
        how, size = AC_GUIDED, 1
    elif schedule == "dynamic":
        how, size = AC_DYNAMIC, max(1, count // (32 * ex.threads))
    else:
        how, size = AC_STATIC, INT64_MAX
    if grain is not None:
        size = grain
    with nogil:
        if w.deadline_ns != AC_FOREVER and ac_now_ns() >= w.deadline_ns:
            w.late = True
            rc = AC_STOPPED_BY_POLL
        else:
            rc = ac_range_run(&loop, &ex, count, size, how)
    if rc == AC_STOPPED_BY_POLL and w.late:
        raise TimeoutError(
            "the deadline passed before all chunks were done; those that had begun were finished"
        )
    runtime_raise(rc)
    if rc == AC_RANGE_FAILED:
        return loop.code, loop.lo, loop.hi
    return None
