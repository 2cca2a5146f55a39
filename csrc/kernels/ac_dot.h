/* ac_dot.h - the sum of the products of two buffers of numbers.
 *
 * Integers wrap at their own width, as NumPy's do. Floats have the same bits for every thread count
 * and instruction set: products are rounded to the type and added in lanes of it (as many as make
 * 256 bytes) over leaves of AC_DOT_LEAF elements; the lanes are folded in halves and the leaves
 * joined as a balanced tree over their index, both in float64. Float32 is rounded back at the end.
 *
 *     ac_number result;
 *     int rc = ac_dot(&ex, AC_F64, x, y, n, &result);   // result.f64
 */
#ifndef AC_DOT_H
#define AC_DOT_H

#include "kernels/ac_sum.h"

#define AC_DOT_LEAF 2048

/* Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. x and y may have any alignment, and overlap;
 * n >= 0. */
int ac_dot(const ac_exec *ex, ac_dtype dtype, const void *x, const void *y, int64_t n,
           ac_number *result);

#endif
