/* ac_bincount.h - how often each of the numbers 0 to bins - 1 occurs. */
#ifndef AC_BINCOUNT_H
#define AC_BINCOUNT_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* x holds integers of any alignment; numbers outside 0 .. bins - 1 are left out. out[0..bins) is
 * aligned and apart from x; n, bins >= 0. Returns 0, AC_STOPPED_BY_POLL (then out is undefined) or
 * AC_EXEC_NOMEM. */
int ac_bincount(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, int64_t bins,
                int64_t *out);

#endif
