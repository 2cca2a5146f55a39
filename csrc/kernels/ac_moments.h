/* ac_moments.h - the mean of a buffer of numbers, and the sum of squared deviations from it.
 *
 * Everything is computed in float64. One pass over memory: a leaf of AC_MOMENTS_LEAF numbers is read
 * for its sum and, still in the cache, for its deviations; leaves are joined pairwise, as a balanced
 * tree over their index. So the bits are the same for every thread count and instruction set.
 *
 *     ac_moments m;
 *     int rc = ac_moments_of(&ex, AC_F64, x, n, true, &m);   // variance: m.deviations / (n - ddof)
 */
#ifndef AC_MOMENTS_H
#define AC_MOMENTS_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

#define AC_MOMENTS_LEAF 2048
#define AC_MOMENTS_LANES 32

typedef struct ac_moments {
    double sum;        /* without deviations: element i of a leaf in lane i mod LANES, as ac_sum */
    double mean;       /* 0 if n == 0 */
    double deviations; /* the sum of squares of x - mean; 0 unless asked for */
} ac_moments;

/* Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. x may have any alignment; n >= 0. */
int ac_moments_of(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bool deviations,
                  ac_moments *moments);

#endif
