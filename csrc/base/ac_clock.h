/* ac_clock.h - monotonic time in nanoseconds, and deadlines that do not overflow.
 *
 * A timeout becomes a deadline once, at the door; everything below compares with the clock. The
 * wall clock is never read: setting it moves no deadline.
 */
#ifndef AC_CLOCK_H
#define AC_CLOCK_H

#include "base/ac_base.h"

#include <time.h>

#define AC_FOREVER INT64_MAX /* the deadline that never comes */
#define AC_NS_PER_MS INT64_C(1000000)
#define AC_NS_PER_S INT64_C(1000000000)

AC_INLINE int64_t ac_now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * AC_NS_PER_S + ts.tv_nsec;
}

/* The instant `timeout_ns` from now; AC_FOREVER when that lies past the end of time. */
AC_INLINE int64_t ac_deadline_after(int64_t timeout_ns) {
    const int64_t now = ac_now_ns();
    if (timeout_ns <= 0) return now;
    return timeout_ns >= AC_FOREVER - now ? AC_FOREVER : now + timeout_ns;
}

#endif
