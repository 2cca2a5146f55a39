/* ac_isin.h - which numbers of one buffer occur in another. */
#ifndef AC_ISIN_H
#define AC_ISIN_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* out[i] = whether x[i] equals one of tests[0..count), as 0 or 1, or (invert) the opposite. A NaN
 * equals nothing, 0.0 equals -0.0. Any alignment; out apart from both; n, count >= 0. Returns 0,
 * AC_STOPPED_BY_POLL (then out may hold anything) or AC_EXEC_NOMEM. Scratch: next to nothing for a
 * few numbers and those of 8 and 16 bits; else up to 256 KB, or 16 to 64 bytes a number of tests (from
 * 32,768 of them on 4 MB at least, which the process keeps for the next call). */
int ac_isin(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const void *tests,
            int64_t count, bool invert, uint8_t *out);

/* ac_isin by one way only, for the tests: comparing with each, a table of bits (not for floats), a
 * hash set. */
typedef enum ac_isin_way {
    AC_ISIN_ANY = 0,
    AC_ISIN_COMPARE = 1,
    AC_ISIN_BITS = 2,
    AC_ISIN_HASH = 3,
} ac_isin_way;
int ac_isin_by_(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const void *tests,
                int64_t count, bool invert, ac_isin_way way, uint8_t *out);

#endif
