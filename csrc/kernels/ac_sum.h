/* ac_sum.h - the sum of a buffer of numbers.
 *
 * Integers wrap at 64 bits, as NumPy's do. Floats have one result, the same bits for every thread
 * count and instruction set: leaves of AC_SUM_LEAF elements are each summed in AC_SUM_LANES
 * lanes (element i of the leaf goes to lane i mod AC_SUM_LANES, in index order), the lanes are
 * folded in halves, and the leaves are added pairwise, as a balanced tree over their index.
 * Float32 is added in float64 and rounded once, at the end.
 *
 *     ac_number total;
 *     int rc = ac_sum(&ex, AC_F64, x, n, &total);   // total.f64
 */
#ifndef AC_SUM_H
#define AC_SUM_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

#define AC_SUM_LANES 32
#define AC_SUM_LEAF 2048

typedef union ac_number {
    int64_t i64;  /* signed integers */
    uint64_t u64; /* unsigned integers */
    double f64;   /* floats */
} ac_number;

/* Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. x may have any alignment; n >= 0. */
int ac_sum(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, ac_number *total);

#endif
