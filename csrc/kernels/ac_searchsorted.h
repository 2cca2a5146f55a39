/* ac_searchsorted.h - where numbers would stand in a sorted buffer. */
#ifndef AC_SEARCHSORTED_H
#define AC_SEARCHSORTED_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* out[i] = how many of sorted[0..n) are less than v[i], or (right) not greater than it; NaNs are equal
 * and greater than all else, 0.0 and -0.0 are equal. If `sorted` is not sorted, results are of no
 * use but from 0 to n. Any alignment; out apart from both; n, count >= 0. Returns 0 or
 * AC_STOPPED_BY_POLL (then out may hold anything). */
int ac_searchsorted(const ac_exec *ex, ac_dtype dtype, const void *sorted, int64_t n, const void *v,
                    int64_t count, bool right, ac_i64_at *out);

#endif
