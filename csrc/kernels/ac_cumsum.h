/* ac_cumsum.h - running sums of a buffer of numbers.
 *
 * Integers become 64 bits wide and wrap there, as NumPy's do. Floats have the same bits for every
 * thread count: segments of AC_CUMSUM_SEGMENT numbers are each summed in index order, starting from
 * their first number; an element of the result is the segment's running sum added to the sum of
 * the segments before it, which are added in index order. Float32 is added in float64 and rounded
 * when it is stored. The result of numbers that are not negative never falls.
 */
#ifndef AC_CUMSUM_H
#define AC_CUMSUM_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

#define AC_CUMSUM_SEGMENT 128

/* out[0..n) has int64 for signed numbers, uint64 for unsigned ones, and floats of x's type; it is x
 * itself (if as wide) or lies apart. Any alignment; n >= 0. Returns 0, AC_STOPPED_BY_POLL (then
 * out may hold anything) or AC_EXEC_NOMEM. */
int ac_cumsum(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n);

#endif
