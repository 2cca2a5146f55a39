/* ac_grep.h - how often one run of bytes occurs in another, without overlaps, from the left. */
#ifndef AC_GREP_H
#define AC_GREP_H

#include "sched/ac_exec.h"

/* bytes[0..n) and pattern[0..m), m >= 1, n >= 0. Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM; *count
 * is set by the first only. A pattern that can overlap itself is searched for in one thread. */
int ac_grep_count(const ac_exec *ex, const uint8_t *bytes, int64_t n, const uint8_t *pattern,
                  int64_t m, int64_t *count);

#endif
