/* ac_backoff.h - how to wait a few instructions for another thread: pause longer, then yield.
 *
 * Two uses, the same object: after a lost compare-and-swap (ac_backoff_spin: exponential pauses),
 * and for a slot whose claimant is inside its publish window (ac_backoff_snooze: pauses, then
 * the processor is given away, because the claimant may have been preempted).
 */
#ifndef AC_BACKOFF_H
#define AC_BACKOFF_H

#include "base/ac_base.h"

#include <sched.h>

/* 2^6 pauses are 1 to 3 us on current x86. Derived from the length of a publish window (a few ns)
 * and of a cache-line transfer (50 to 100 ns): waiting longer only means the claimant does not
 * run. The exact choice does not matter much. */
#define AC_BACKOFF_SPIN_LIMIT 6

typedef struct ac_backoff {
    uint32_t step;
} ac_backoff;

AC_INLINE void ac_backoff_spin(ac_backoff *b) {
    const uint32_t step = b->step < AC_BACKOFF_SPIN_LIMIT ? b->step : AC_BACKOFF_SPIN_LIMIT;
    for (uint32_t i = 0; i < (1u << step); i++) ac_pause();
    if (b->step < AC_BACKOFF_SPIN_LIMIT) b->step++;
}

AC_INLINE void ac_backoff_snooze(ac_backoff *b) {
    if (b->step < AC_BACKOFF_SPIN_LIMIT) {
        ac_backoff_spin(b);
    } else {
        sched_yield();
    }
}

#endif
