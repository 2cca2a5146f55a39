/* ac_census.h - how often does each number occur, for numbers of 8 and 16 bits.
 *
 * Their keys (ac_keys.h) are places in a table, so one reading tells all there is to know: sort and
 * unique of such numbers only read the table afterwards.
 */
#ifndef AC_CENSUS_H
#define AC_CENSUS_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* How many different numbers a dtype of 8 or 16 bits has; 0 for all others. */
AC_INLINE int64_t ac_census_size(ac_dtype dtype) {
    return ac_dtype_size(dtype) == 1 ? 256 : ac_dtype_size(dtype) == 2 ? 65536 : 0;
}

/* count[key] = how many of x[0..n) have the key; ac_census_size(dtype) of them. Returns 0,
 * AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. Scratch: 4 bytes for each count and thread. */
int ac_census(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, uint64_t *count);

#endif
