/* ac_range.h - a loop over a function of somebody else's: any non-zero result stops it, and is told.
 *
 * ac_exec_loop takes functions that return 0 or a positive number, because negative ones say why the
 * loop ended. Here the function's result and the chunk that it came from are kept apart from that.
 */
#ifndef AC_RANGE_H
#define AC_RANGE_H

#include "base/ac_atomic.h"
#include "sched/ac_exec.h"

#define AC_RANGE_FAILED 1

typedef struct ac_range {
    ac_range_fn fn;
    void *ctx;
    int code;            /* these three by the first chunk that failed, read when all have left */
    int64_t lo, hi;
    ac_atomic_u32 claim; /* 1: a chunk has failed; the one that set it writes the three above */
} ac_range;

AC_UNUSED static int ac_range_chunk_(void *arg, int64_t lo, int64_t hi, int32_t worker) {
    ac_range *const range = (ac_range *)arg;
    const int code = range->fn(range->ctx, lo, hi, worker);
    if (AC_LIKELY(code == 0)) return 0;
    uint32_t nobody = 0;
    if (ac_cas_acq_rel(&range->claim, &nobody, 1u)) {
        range->code = code;
        range->lo = lo;
        range->hi = hi;
    }
    return AC_RANGE_FAILED;
}

/* Set fn and ctx, the rest zero. Returns 0, AC_RANGE_FAILED (see code, lo, hi) or AC_STOPPED_BY_POLL. */
AC_UNUSED static int ac_range_run(ac_range *range, const ac_exec *ex, int64_t n, int64_t grain,
                                  ac_schedule schedule) {
    return ac_exec_loop(ex, ac_range_chunk_, range, n, grain, schedule);
}

#endif
