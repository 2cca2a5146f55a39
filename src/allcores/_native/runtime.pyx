"""The process's worker pool, its instruction set, and the table through which others reach them."""

import os
import threading

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int32_t

from allcores._native.c_sched cimport (
    AC_EXEC_NOMEM, AC_POOL_MAX_THREADS, AC_SIMD_AVX2, AC_SIMD_AVX512, AC_SIMD_NEON,
    AC_SIMD_PORTABLE, AC_STOPPED_BY_POLL, AC_VERSION, ac_exec, ac_keeper_after_fork,
    ac_pool_after_fork, ac_pool_stop, ac_pool_workers, ac_process_api, ac_process_keeper,
    ac_process_pool, ac_sched_api, ac_simd, ac_simd_detect, ac_simd_name,
)

from allcores._common import os_threads
from allcores._common.cpus import cpu_count
from allcores._common.env import read_simd
from allcores._common.version import check_compiled

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident() noexcept nogil
    # Without Cython's "except -1": the exception must stay set until runtime_raise, and not be
    # reported as one that poll_signals, which is called from C, cannot raise.
    int PyErr_CheckSignals() noexcept

check_compiled(__name__, AC_VERSION.decode())

# Written at import and in the child of a fork, each time before a second thread exists.
cdef unsigned long main_thread_ident = threading.main_thread().ident
cdef ac_simd simd_in_use = AC_SIMD_PORTABLE
cdef int default_threads = 0  # 0: not asked yet
cdef ac_sched_api table  # the core's and what only Python knows; written below, once


cdef bint runtime_in_main_thread() noexcept:
    return PyThread_get_thread_ident() == main_thread_ident


cdef int poll_signals(void *arg) noexcept nogil:
    # Runs the handlers of signals that came; non-zero if one raised. The exception stays set, and
    # runtime_raise lets it go on its way.
    with gil:
        return PyErr_CheckSignals()


cdef int runtime_exec(ac_exec *ex, object threads) except -1:
    global default_threads
    cdef int wanted
    if threads is None:
        if default_threads == 0:
            default_threads = min(cpu_count(), AC_POOL_MAX_THREADS)
        wanted = default_threads
    else:
        if isinstance(threads, bool) or not hasattr(threads, "__index__"):
            raise TypeError(
                f"threads must be None or an int, not {type(threads).__name__}; "
                "None takes allcores.cpu_count()"
            )
        number = threads.__index__()
        if not 1 <= number <= AC_POOL_MAX_THREADS:
            raise ValueError(
                f"threads must be from 1 to {AC_POOL_MAX_THREADS}, not {number}; "
                "None takes allcores.cpu_count()"
            )
        wanted = number
    fill_exec(ex, wanted)
    return 0


cdef void fill_exec(ac_exec *ex, int threads) noexcept nogil:
    ex.api = &table
    ex.threads = threads
    ex.simd = simd_in_use
    ex.poll = NULL
    if PyThread_get_thread_ident() == main_thread_ident:
        ex.poll = poll_signals
    ex.poll_arg = NULL


cdef int ask_default_threads() noexcept with gil:
    # One thread if the question fails, say because ALLCORES_THREADS is no number: whoever calls from
    # C cannot be given the exception, and the next call from Python raises it.
    global default_threads
    try:
        default_threads = min(cpu_count(), AC_POOL_MAX_THREADS)
    except Exception:
        return 1
    return default_threads


cdef void exec_init(ac_exec *ex, int32_t threads) noexcept nogil:
    # For modules of others, through the table. See ac_exec.h.
    if threads <= 0:
        threads = default_threads if default_threads != 0 else ask_default_threads()
    fill_exec(ex, min(threads, AC_POOL_MAX_THREADS))


cdef int runtime_raise(int rc) except -1:
    if rc == AC_STOPPED_BY_POLL:
        return -1  # set by poll_signals
    if rc == AC_EXEC_NOMEM:
        raise MemoryError("not enough memory for the kernel's scratch space")
    return 0


def simd_path() -> str:
    """Return the instruction set that kernels use here: ``"portable" "avx2" "avx512" "neon"``."""
    return ac_simd_name(simd_in_use).decode()


def pool_workers() -> int:
    """Return how many worker threads the process's pool has at the moment."""
    return ac_pool_workers(ac_process_pool())


def stop_pool() -> bool:
    """End the idle workers of the pool; they start again on the next job.

    Returns
    -------
    bool
        False if a job is running, and nothing was done.
    """
    return ac_pool_stop(ac_process_pool())


def _before_fork():
    cdef int workers = ac_pool_workers(ac_process_pool())
    if workers:
        threads = os_threads.count()
        if stop_pool() and threads:
            os_threads.wait_for_at_most(threads - workers)


def _after_fork_in_child():
    global main_thread_ident, default_threads
    main_thread_ident = PyThread_get_thread_ident()
    default_threads = 0  # the child may have another affinity
    ac_pool_after_fork(ac_process_pool())
    ac_keeper_after_fork(ac_process_keeper())


cdef ac_simd choose_simd() except *:
    # The best that the processor has; ALLCORES_SIMD can only lower it.
    cdef ac_simd best = ac_simd_detect()
    wanted = read_simd()
    if wanted is None:
        return best
    ranks = {"portable": AC_SIMD_PORTABLE, "avx2": AC_SIMD_AVX2, "avx512": AC_SIMD_AVX512,
             "neon": AC_SIMD_NEON}
    cdef ac_simd chosen = ranks[wanted]
    if chosen != AC_SIMD_PORTABLE and (
        chosen > best or (chosen == AC_SIMD_NEON) != (best == AC_SIMD_NEON)
    ):
        raise RuntimeError(
            f"ALLCORES_SIMD={wanted}, but the best that this processor has is "
            f"{ac_simd_name(best).decode()}; unset it to use that"
        )
    return chosen


simd_in_use = choose_simd()
table = ac_process_api()[0]
table.exec_init = exec_init
api = PyCapsule_New(&table, "allcores._native.runtime.api", NULL)

# CPython counts the process's threads after a fork and warns of more than one: idle workers are
# ended before, and start again when the next kernel runs.
os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)
