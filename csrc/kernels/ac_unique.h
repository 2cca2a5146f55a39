/* ac_unique.h - the different numbers of a buffer in ascending order, and how often each occurs.
 *
 * Numbers are the same if they compare equal: of -0.0 and 0.0 the result has the first in the order
 * of ac_sort. NaNs count as one number (the first in that order) or, without equal_nan, each for
 * itself. The result is the same for every thread count and instruction set.
 *
 *     ac_unique *u;
 *     rc = ac_unique_find(&ex, dtype, x, n, true, true, &u); // x is not needed afterwards
 *     if (rc == 0) ... room for ac_unique_size(u) numbers and counts ...
 *     rc = ac_unique_write(u, &ex, numbers, counts);
 *     ac_unique_free(u);
 */
#ifndef AC_UNIQUE_H
#define AC_UNIQUE_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

typedef struct ac_unique ac_unique;

/* counted: whether counts will be asked for. Returns 0, and then *result is to be freed; or
 * AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. Scratch: for numbers of 8 and 16 bits at most 1 MB; else 16
 * MB a thread where few numbers are different, and 9 bytes a number where many are. */
int ac_unique_find(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bool counted,
                   bool equal_nan, ac_unique **result);

/* How many different numbers there are. */
int64_t ac_unique_size(const ac_unique *u);

/* Writes them and, unless NULL, their counts. Once only. Returns 0 or AC_STOPPED_BY_POLL. */
int ac_unique_write(ac_unique *u, const ac_exec *ex, void *numbers, ac_i64_at *counts);

void ac_unique_free(ac_unique *u);

/* ac_unique_find by one way only, for the tests: sorting or hashing. Hashing may be impossible: then
 * it returns 1 and no result. */
typedef enum ac_unique_way {
    AC_UNIQUE_ANY = 0,
    AC_UNIQUE_SORT = 1,
    AC_UNIQUE_HASH = 2,
} ac_unique_way;
int ac_unique_find_by_(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bool counted,
                       bool equal_nan, ac_unique_way way, ac_unique **result);

#endif
