# The declarations of csrc/sched and what it includes. No code.
from libc.stdint cimport int32_t, int64_t, uint32_t

cdef extern from "base/ac_base.h" nogil:
    const char *AC_VERSION

cdef extern from "base/ac_clock.h" nogil:
    int64_t AC_FOREVER
    int64_t ac_now_ns()

cdef extern from "sched/ac_exec.h" nogil:
    ctypedef int (*ac_range_fn)(void *ctx, int64_t lo, int64_t hi, int32_t worker) noexcept nogil
    ctypedef enum ac_simd:
        AC_SIMD_PORTABLE
        AC_SIMD_AVX2
        AC_SIMD_AVX512
        AC_SIMD_NEON
    int AC_STOPPED_BY_POLL
    int AC_EXEC_NOMEM
    uint32_t AC_SCHED_API_VERSION
    ctypedef enum ac_schedule:
        AC_DYNAMIC
        AC_GUIDED
        AC_STATIC
    ctypedef struct ac_exec
    ctypedef struct ac_sched_api:
        uint32_t version
        uint32_t size
        void (*exec_init)(ac_exec *ex, int32_t threads) noexcept nogil
    ctypedef struct ac_exec:
        const ac_sched_api *api
        int32_t threads
        ac_simd simd
        int (*poll)(void *arg) noexcept nogil
        void *poll_arg
    int ac_exec_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain)

cdef extern from "sched/ac_range.h" nogil:
    int AC_RANGE_FAILED
    ctypedef struct ac_range:
        ac_range_fn fn
        void *ctx
        int code
        int64_t lo
        int64_t hi
    int ac_range_run(ac_range *range, const ac_exec *ex, int64_t n, int64_t grain,
                     ac_schedule schedule)

cdef extern from "sched/ac_pool.h" nogil:
    int AC_POOL_MAX_THREADS
    ctypedef struct ac_pool:
        pass
    bint ac_pool_stop(ac_pool *pool)
    void ac_pool_after_fork(ac_pool *pool)
    int32_t ac_pool_workers(ac_pool *pool)

cdef extern from "sched/ac_keeper.h" nogil:
    ctypedef struct ac_keeper:
        pass
    void ac_keeper_after_fork(ac_keeper *keeper)

cdef extern from "sched/ac_process.h" nogil:
    ac_keeper *ac_process_keeper()
    const ac_sched_api *ac_process_api()
    ac_pool *ac_process_pool()
    ac_simd ac_simd_detect()
    const char *ac_simd_name(ac_simd simd)
