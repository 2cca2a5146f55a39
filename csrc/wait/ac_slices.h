/* ac_slices.h - a long wait is cut in slices, so that who waits looks for signals in between.
 *
 *   ac_slices slices = {0};
 *   while (not what we wait for) {
 *       status = ac_wait(&word, value, ac_slices_end(&slices, deadline), flags);
 *       ac_slices_slept(&slices, status == AC_WAIT_TIMEOUT);
 *       look for signals, give up at the deadline
 *   }
 *
 * A handler that runs in the sleeping thread ends its sleep (AC_WAIT_INTERRUPTED), so that the
 * slices are for the signal that arrives between the look and the sleep, and for one that another
 * thread was given. The first is likeliest where a wait has just begun or has just been woken:
 * there a slice is short. It doubles while nothing happens, because each wake costs about 0.1 ms of
 * a core, and a wait that lasts may use a thousandth of one. The same bounds what a wake
 * that died with its sender can delay, between processes.
 *
 * A local of who waits: no other thread sees it. */
#ifndef AC_SLICES_H
#define AC_SLICES_H

#include "base/ac_clock.h"

#include <stdbool.h>

#define AC_SLICE_FIRST_NS (50 * AC_NS_PER_MS)
#ifdef _WIN32 /* nothing ends a sleep there: each slice must be short */
#define AC_SLICE_LAST_NS AC_SLICE_FIRST_NS
#else
#define AC_SLICE_LAST_NS (400 * AC_NS_PER_MS)
#endif

typedef struct ac_slices {
    int64_t length_ns; /* of the next slice; 0 at the beginning */
} ac_slices;

/* When the slice that begins now is over: never after the deadline. */
static inline int64_t ac_slices_end(ac_slices *s, int64_t deadline_ns) {
    if (s->length_ns == 0) s->length_ns = AC_SLICE_FIRST_NS;
    const int64_t end = ac_now_ns() + s->length_ns;
    return deadline_ns < end ? deadline_ns : end;
}

/* After the sleep: it lasted the whole slice, or something ended it. */
static inline void ac_slices_slept(ac_slices *s, bool whole) {
    if (!whole) {
        s->length_ns = AC_SLICE_FIRST_NS;
    } else if (s->length_ns < AC_SLICE_LAST_NS) {
        s->length_ns *= 2;
    }
}

#endif
