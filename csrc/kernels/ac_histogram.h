/* ac_histogram.h - how many numbers of a buffer fall between edges.
 *
 * Bin k holds what is >= edges[k] and < edges[k + 1]; the last one also what equals its upper edge.
 * Numbers outside, and NaNs, are left out. Every number is compared as float64, so that integers of
 * more than 53 bits are rounded first, as NumPy's are.
 */
#ifndef AC_HISTOGRAM_H
#define AC_HISTOGRAM_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* The bins + 1 edges of equal bins: first + i * ((last - first) / bins), and `last`. In float32 if
 * `narrow`, with each step of the arithmetic rounded to it. Returns false if they do not rise from
 * one to the next, or are not finite. */
bool ac_histogram_edges(double first, double last, int64_t bins, bool narrow, double *edges);

/* edges[0..bins] do not fall; `equal` if they are equally far apart, up to rounding (then they rise).
 * out[0..bins) is aligned and apart from x; x has any alignment; n >= 0, bins >= 1. Returns 0,
 * AC_STOPPED_BY_POLL (then out is undefined) or AC_EXEC_NOMEM. */
int ac_histogram(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const double *edges,
                 int64_t bins, bool equal, int64_t *out);

#endif
