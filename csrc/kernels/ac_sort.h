/* ac_sort.h - sorts a buffer of numbers, or tells the order that would.
 *
 * Numbers go up, NaNs last. Both give one result for every thread count and instruction set.
 */
#ifndef AC_SORT_H
#define AC_SORT_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* Sorts x[0..n) into out, which is x itself or does not overlap it. -0.0 comes before 0.0, and NaNs
 * are ordered by their bits. Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM; then what is in
 * out is undefined (with out == x possibly a part of the numbers twice).
 * Scratch: numbers of 8 and 16 bits at most 1 MB; others 1 byte each, and in place their own size
 * more. */
int ac_sort(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n);

/* Writes to out[0..n) the indices of x in the order of their numbers; equal ones (-0.0 and 0.0 are
 * equal, and so are all NaNs) keep their order. out must not overlap x. Returns as ac_sort.
 * Scratch: 5 bytes a number (9 from 2^32 numbers up). */
int ac_argsort(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out, int64_t n);

/* The same, with indices of 8 bytes on the way for any n: for the tests. */
int ac_argsort_wide_(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out, int64_t n);

#endif
